import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { isPreparedIndex, readPreparedIndex } from '../../../model/prepared/open-model-file.node.ts';
import { isFullyPublished } from '../../../model/registry/registry.ts';
import type { RegisteredModel } from '../../../model/registry/registry.ts';
import { SaltError } from '../../../protocol/errors.ts';
import { findFile } from '../../../runtime/models/pull.node.ts';
import { recordedHash } from '../../../runtime/models/recorded-hashes.node.ts';
import { modelsFolder, modelsIn } from '../../models/folders.ts';
import type { FoundModel } from '../../models/folders.ts';
import { RANDOM_SAMS } from '../../models/random-models.ts';
import { registeredModels } from '../../models/registry.ts';
import { SHIPPED_NAME } from '../../models/shipped.ts';
import { consoleOf, withOutput } from '../../options.ts';
import type { CommonOptions } from '../../options.ts';
import { list } from '../../table.ts';
import { formatBytes } from '../../../protocol/format-bytes.ts';

interface Listed {
  readonly name: string;
  /** `built-in` needs no file; `prepared` was imported; `file` is a checkpoint as it is; `available` can be fetched. */
  readonly state: 'built-in' | 'prepared' | 'file' | 'available';
  readonly what: string;
  readonly path?: string;
  readonly bytes?: number;
  readonly licence?: string;
  /** What a fetched file is compared with. */
  readonly hash?: 'published' | 'recorded' | 'none yet';
}

export function addList(models: Command): void {
  withOutput(
    models.command('list').description('What --model can name, and what "models pull" can fetch.'),
  ).action(runList);
}

async function runList(options: CommonOptions): Promise<void> {
  const folder = modelsFolder();
  const installed: Listed[] = [];
  for (const found of await modelsIn(folder)) installed.push(await describe(found));
  const available: Listed[] = [];
  for (const model of registeredModels()) {
    const there = installed.some(({ name }) => name === model.name);
    if (!there) available.push(await describeRegistered(model, folder));
  }
  const models = [...builtIn(), ...installed, ...available];
  const text = [
    list(builtIn().map(({ name, what }) => [name, what])),
    installed.length > 0
      ? `In ${folder}:\n${list(installed.map(({ name, what, bytes = 0 }) => [name, formatBytes(bytes), what]))}`
      : `No files in ${folder}. Checkpoints can also be named by their path.`,
    ...(available.length > 0
      ? [`To fetch with "ohif-salt models pull NAME":\n${list(available.map((model) => rowOf(model)))}`]
      : []),
  ].join('\n\n');
  consoleOf(options).result(text, { folder, models });
}

function builtIn(): Listed[] {
  const random = [...RANDOM_SAMS].map(([name, { depth, embedDim }]) => ({
    name,
    state: 'built-in' as const,
    what: `a SAM of ${depth} blocks of width ${embedDim} with random weights: for trying things out, knows nothing`,
  }));
  return [
    {
      name: SHIPPED_NAME,
      state: 'built-in',
      what: 'a small SAM with a detail head, pretrained on drawn images: comes with the program',
    },
    { name: 'unet', state: 'built-in', what: 'a U-Net' },
    ...random,
  ];
}

async function describe({ name, path }: FoundModel): Promise<Listed> {
  if (!isPreparedIndex(path)) {
    const bytes = (await stat(path).catch(() => undefined))?.size ?? 0;
    return { name, state: 'file', what: path, path, bytes };
  }
  try {
    const { architecture, shards } = await readPreparedIndex(path);
    const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
    return { name, state: 'prepared', what: `prepared: ${architecture}`, path, bytes };
  } catch (error) {
    if (!(error instanceof SaltError)) throw error;
    const what = `damaged: remove it ("models remove ${name}") and import it again`;
    return { name, state: 'prepared', what, path: dirname(path), bytes: 0 };
  }
}

async function describeRegistered(model: RegisteredModel, folder: string): Promise<Listed> {
  const { name, title, licence, files } = model;
  const [checkpoint] = files;
  const path = checkpoint && (await findFile(folder, model, checkpoint));
  const bytes = files.reduce<number | undefined>(
    (sum, file) => (sum === undefined || file.bytes === undefined ? undefined : sum + file.bytes),
    0,
  );
  const recorded = checkpoint && (await recordedHash(folder, name, checkpoint.name));
  const hash = checkpoint && isFullyPublished(checkpoint) ? 'published' : recorded ? 'recorded' : 'none yet';
  return {
    name,
    state: path === undefined ? 'available' : 'file',
    what: path === undefined ? title : `${title}: ${path}`,
    licence,
    hash,
    ...(bytes !== undefined && { bytes }),
    ...(path !== undefined ? { path } : { path: join(folder, name, checkpoint?.name ?? '') }),
  };
}

function rowOf({ name, what, bytes, licence = '', hash = 'none yet' }: Listed): string[] {
  return [name, bytes === undefined ? '' : formatBytes(bytes), licence, `hash ${hash}`, what];
}
