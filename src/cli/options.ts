/** Options that several commands share. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { LAYER_KINDS, layerKindOf } from '../adapters/index.ts';
import type { MethodInput } from '../adapters/index.ts';
import type { Flips } from '../inference/mirror.ts';
import { SaltError } from '../protocol/errors.ts';
import type { DeviceRequest } from '../runtime/devices.ts';
import { createConsole } from './console.ts';
import type { Console } from './console.ts';
import { commaSeparated, wholeNumber, numberAbove } from './values.ts';

export interface CommonOptions {
  readonly json?: true;
  readonly verbose?: true;
}

/** `--json` and `--verbose`. */
export function withOutput(command: Command): Command {
  return command
    .option('--json', 'write the result to stdout as JSON, and nothing else there')
    .option('--verbose', 'show where errors come from');
}

export function consoleOf({ json, verbose }: CommonOptions): Console {
  return createConsole({ json: json === true, verbose: verbose === true });
}

export interface DeviceCliOptions {
  readonly device: DeviceRequest;
  readonly threads?: number;
}

export function withDevice(command: Command): Command {
  return command
    .addOption(
      new Option('--device <name>', 'where to compute; auto takes the best that works')
        .choices(['auto', 'cpu', 'webgpu', 'cuda'])
        .default('auto'),
    )
    .option('--threads <n>', 'threads on the processor (default: one for each core)', wholeNumber(1, 1024));
}

export function deviceOf({ device, threads }: DeviceCliOptions): {
  device: DeviceRequest;
  threads?: number;
} {
  return { device, ...(threads === undefined ? {} : { threads }) };
}

export interface MaskCliOptions {
  readonly threshold: number;
  readonly minSize: number;
  readonly flips?: string;
}

/** How masks are made of probabilities. */
export function withMasks(command: Command): Command {
  return command
    .option(
      '--threshold <p>',
      'a pixel belongs to the structure above this probability',
      numberAbove(0, 1),
      0.5,
    )
    .option('--min-size <n>', 'drop pieces of fewer pixels', wholeNumber(0), 0)
    .addOption(
      new Option(
        '--flips <n>',
        'average over the frame and its mirror images (default: 4 for a U-Net, 1 for SAM)',
      ).choices(['1', '2', '4']),
    );
}

export function masksOf({ threshold, minSize, flips }: MaskCliOptions): {
  threshold: number;
  minSize: number;
  flips?: Flips;
} {
  const known = ([1, 2, 4] as const).find((n) => String(n) === flips);
  return { threshold, minSize, ...(known === undefined ? {} : { flips: known }) };
}

export const METHODS = ['salt', 'lora', 'ssam', 'norm', 'head', 'full'] as const;

export interface MethodCliOptions {
  readonly method?: (typeof METHODS)[number];
  readonly rank?: number;
  readonly loraRank?: number;
  readonly layers?: readonly string[];
  readonly lastBlocks?: number;
  readonly start?: 'random' | 'identity';
}

const RANK = wholeNumber(0, 65_536);

export function withMethod(command: Command): Command {
  return command
    .addOption(
      new Option('--method <name>', 'how SAM is adapted (default: salt); a U-Net trains in full').choices(
        METHODS,
      ),
    )
    .option(
      '--rank <n>',
      'SALT: singular values scaled in every layer (default: by the width of the model, with ViT-B 760, 50, 250); LoRA: its rank (default: 4)',
      RANK,
    )
    .option(
      '--lora-rank <n>',
      'SALT: rank of the update of the other singular values (default: a third of the width of the model, with ViT-B 256)',
      RANK,
    )
    .option(
      '--layers <kinds>',
      `layers to adapt, separated by commas: ${LAYER_KINDS.join(', ')}`,
      commaSeparated,
    )
    .option('--last-blocks <k>', 'adapt the last k blocks of the encoder only: less memory', RANK)
    .addOption(
      new Option(
        '--start <how>',
        'SALT: start near the pretrained model, or exactly there (default: random)',
      ).choices(['random', 'identity']),
    );
}

/** Which of the options each method understands. */
const UNDERSTOOD: Readonly<Record<(typeof METHODS)[number], readonly (keyof MethodCliOptions)[]>> = {
  salt: ['rank', 'loraRank', 'layers', 'lastBlocks', 'start'],
  lora: ['rank', 'layers', 'lastBlocks'],
  ssam: ['layers', 'lastBlocks'],
  norm: ['lastBlocks'],
  head: [],
  full: [],
};

const FLAGS: Readonly<Record<string, string>> = {
  rank: '--rank',
  loraRank: '--lora-rank',
  layers: '--layers',
  lastBlocks: '--last-blocks',
  start: '--start',
};

/**
 * The method asked for; undefined when none of its options was given.
 * @throws SaltError `INVALID_ARGUMENT` for an option that the method does not have
 */
export function methodOf(options: MethodCliOptions): MethodInput | undefined {
  const given = Object.keys(FLAGS).filter((key) => options[key as keyof MethodCliOptions] !== undefined);
  if (options.method === undefined && given.length === 0) return undefined;
  const method = options.method ?? 'salt';
  const foreign = given.filter((key) => !UNDERSTOOD[method].includes(key as keyof MethodCliOptions));
  if (foreign.length > 0) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `The method "${method}" has no ${foreign.map((key) => FLAGS[key]).join(', ')}.`,
    );
  }
  const { rank, loraRank, lastBlocks, start } = options;
  const layers = options.layers?.map(layerKindOf);
  const shared = { ...(layers && { layers }), ...(lastBlocks !== undefined && { lastBlocks }) };
  switch (method) {
    case 'salt':
      return {
        method,
        ...shared,
        ...(rank !== undefined && { rank }),
        ...(loraRank !== undefined && { loraRank }),
        ...(start && { start }),
      };
    case 'lora':
      return { method, ...shared, ...(rank !== undefined && { rank }) };
    case 'ssam':
      return { method, ...shared };
    case 'norm':
      return { method, ...(lastBlocks !== undefined && { lastBlocks }) };
    case 'head':
    case 'full':
      return { method };
  }
}

/** An option that may be given several times. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
