import type { Command } from 'commander';
import { countParameters, createAdapter, parseMethod, samDenominators } from '../../adapters/index.ts';
import type { MethodConfig, MethodInput, ParameterCount } from '../../adapters/index.ts';
import type { SamConfig } from '../../model/sam-config.ts';
import { samModel } from '../../model/sam/index.ts';
import { allStages } from '../../model/segmentation-model.ts';
import { UNET_DEFAULTS, unetModel } from '../../model/unet.ts';
import { samSide } from '../../model/sam-side.ts';
import { SaltError } from '../../protocol/errors.ts';
import { loadModel } from '../models/load-model.ts';
import { findModel } from '../models/model-source.ts';
import { RANDOM_SAMS } from '../models/random-models.ts';
import { consoleOf, methodOf, withMethod, withOutput } from '../options.ts';
import type { CommonOptions, MethodCliOptions } from '../options.ts';
import { table } from '../table.ts';
import { wholeNumber } from '../values.ts';

interface ParametersOptions extends CommonOptions, MethodCliOptions {
  readonly model?: string;
  readonly imageSize?: number;
}

interface Row {
  readonly name: string;
  readonly method: MethodConfig;
  readonly count: ParameterCount;
}

/** The rows of the published table. */
const PUBLISHED: readonly (readonly [string, MethodInput])[] = [
  ['S-SAM', { method: 'ssam' }],
  ['LoRA-4', { method: 'lora', rank: 4 }],
  ['LoRA-256', { method: 'lora', rank: 256 }],
  ['SALT-4', { method: 'salt', loraRank: 4 }],
  ['SALT-256', { method: 'salt', loraRank: 256 }],
];

const EXAMPLES = `
Examples:
    ohif-salt parameters                                     the published table, counted from the code
    ohif-salt parameters --method salt --rank 100 --lora-rank 16
    ohif-salt parameters --model sam_vit_l.pth --method lora --rank 8
`;

export function addParameters(program: Command): void {
  const command = program
    .command('parameters')
    .summary('count what each method trains')
    .description('Counts trained parameters from the graphs themselves, with what the percentages refer to.')
    .option('--model <model>', 'a SAM or unet (default: SAM ViT-B)')
    .option('--image-size <px>', "side of the model's input (default: 512)", wholeNumber(8, 8192));
  withMethod(command);
  withOutput(command).addHelpText('after', EXAMPLES).action(runParameters);
}

async function runParameters(options: ParametersOptions): Promise<void> {
  const console = consoleOf(options);
  const { name, config } = await configOf(options.model ?? 'random:b');
  const asked = methodOf(options);
  if (!config) {
    if (options.imageSize !== undefined) {
      throw new SaltError(
        'INVALID_ARGUMENT',
        'A U-Net trains the same numbers at any --image-size: leave it out.',
      );
    }
    const model = unetModel(UNET_DEFAULTS, { batchSize: 1, imageSize: 2 ** UNET_DEFAULTS.poolings });
    const method = parseMethod(asked ?? { method: 'full' });
    const count = countParameters(createAdapter(method, allStages(model)), []);
    console.result(`A U-Net with ${UNET_DEFAULTS.features} features trains ${million(count.trainable)}.`, {
      model: name,
      rows: [{ name: 'U-Net', method, count }],
    });
    return;
  }
  const imageSize = options.imageSize ?? samSide(config.imageSize);
  const rows = (asked ? [[asked.method, asked] as const] : PUBLISHED).map(([row, method]) =>
    rowOf(row, method, config, imageSize),
  );
  const title = `${options.model === undefined ? 'SAM ViT-B' : name} at ${imageSize} px`;
  console.result(`${title}\n\n${textOf(rows)}`, { model: name, imageSize, rows });
}

/** @returns no configuration for a U-Net */
async function configOf(reference: string): Promise<{ name: string; config?: SamConfig }> {
  const config = RANDOM_SAMS.get(reference);
  if (config) return { name: reference, config };
  const loaded = await loadModel(await findModel(reference));
  if (loaded.kind === 'unet') return { name: loaded.name };
  return { name: loaded.base.name, config: loaded.base.config };
}

function rowOf(name: string, input: MethodInput, config: SamConfig, imageSize: number): Row {
  const method = parseMethod(input);
  const model = samModel(config, { batchSize: 1, imageSize, prompts: { text: true } });
  const adapter = createAdapter(method, allStages(model));
  return { name, method, count: countParameters(adapter, samDenominators(config, imageSize)) };
}

function textOf(rows: readonly Row[]): string {
  const shares = rows[0]?.count.shares ?? [];
  const head = [
    'method',
    'trained',
    'adapters',
    'norms',
    'positions',
    'text affine',
    'weights',
    ...shares.map((_, i) => `share ${i + 1}`),
  ];
  const body = rows.map(({ name, count: { trainable, groups, shares: of } }) => [
    name,
    million(trainable),
    ...[groups.adapter, groups.norms, groups.positions, groups.textAffine, groups.weights].map((n) =>
      n.toLocaleString('en'),
    ),
    ...of.map(({ percent }) => `${percent.toFixed(2)} %`),
  ]);
  const notes = new Set(rows.flatMap(({ name, count }) => count.notes.map((note) => `${name}: ${note}`)));
  return [
    table([head, ...body]),
    '',
    ...shares.map(({ name, parameters }, i) => `share ${i + 1}: of ${name}, ${million(parameters)}`),
    ...notes,
  ].join('\n');
}

function million(count: number): string {
  return `${(count / 1e6).toFixed(2)} M`;
}
