import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { ADAPTER_INFO_KEY } from '../../../adapters/index.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import type { CheckpointSource } from '../../../model/checkpoint/checkpoint-source.ts';
import { assertFinite } from '../../../model/checkpoint/finite.ts';
import { planSam } from '../../../model/checkpoint/load-sam.ts';
import { weightsHasher } from '../../../model/checkpoint/weights-hash.ts';
import { openModelFile } from '../../../model/prepared/open-model-file.node.ts';
import type { PreparedIndex } from '../../../model/prepared/prepared-index.ts';
import { recognise } from '../../../model/prepared/recognise.ts';
import type { Recognised } from '../../../model/prepared/recognise.ts';
import { SaltError } from '../../../protocol/errors.ts';
import { digestFile } from '../../../runtime/models/file-digests.node.ts';
import { readAdapter } from '../../models/load-model.ts';
import { findModel } from '../../models/model-source.ts';
import { consoleOf, withOutput } from '../../options.ts';
import type { CommonOptions } from '../../options.ts';
import { list } from '../../table.ts';
import { formatBytes } from '../../../protocol/format-bytes.ts';

export function addInspect(models: Command): void {
  withOutput(
    models
      .command('inspect')
      .description('What a model or an adapter holds; of a prepared model also whether it is intact.')
      .argument('<file>', 'its path, or its name in the folder of models'),
  ).action(runInspect);
}

async function runInspect(reference: string, options: CommonOptions): Promise<void> {
  const console = consoleOf(options);
  const source = await findModel(reference);
  if (source.kind !== 'file') {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `"${reference}" is made on the spot: there is no file to look into.`,
    );
  }
  const report = await inspect(source.path);
  console.result(textOf(report), report);
}

interface Report {
  readonly file: string;
  readonly bytes: number;
  readonly kind: 'SAM' | 'CLIP text' | 'adapter' | 'U-Net' | 'other';
  readonly tensors: number;
  readonly parameters: number;
  /** More, by what it is called. */
  readonly about: Readonly<Record<string, unknown>>;
}

async function inspect(path: string): Promise<Report> {
  const file = await openModelFile(path);
  try {
    const { source, index } = file;
    const { names } = source;
    const base = {
      file: path,
      bytes: index ? await checkShards(index, dirname(path)) : (await stat(path)).size,
      tensors: names.length,
      parameters: names.reduce((sum, name) => sum + sizeOf(source.shape(name)), 0),
    };
    if (ADAPTER_INFO_KEY in source.metadata) return { ...base, ...(await aboutAdapter(path)) };
    try {
      const what = recognise(source);
      return {
        ...base,
        kind: what.kind === 'sam' ? 'SAM' : 'CLIP text',
        about: { ...(await aboutModel(source, what)), ...(index && { prepared: aboutPrepared(index) }) },
      };
    } catch (error) {
      if (!(error instanceof SaltError) || error.code !== 'CHECKPOINT_MISMATCH') throw error;
      return { ...base, kind: 'other', about: { why: error.message, first: names.slice(0, 10) } };
    }
  } finally {
    await file.close();
  }
}

async function aboutAdapter(path: string): Promise<Pick<Report, 'kind' | 'about'>> {
  const { info } = await readAdapter(path);
  const { training, ...about } = info;
  const counts = { trainedOn: training.frames.length, heldOut: training.heldOut.length };
  return { kind: info.model.kind === 'unet' ? 'U-Net' : 'adapter', about: { ...about, ...counts } };
}

/** Reads all numbers, one tensor at a time. */
async function aboutModel(source: CheckpointSource, what: Recognised): Promise<Record<string, unknown>> {
  const hasher = weightsHasher();
  for (const [ours, theirs] of what.tensors) {
    const tensor = await source.float32(theirs);
    assertFinite(ours, tensor.data);
    if (what.hashed.has(ours)) await hasher.add(ours, tensor);
  }
  const { architecture, naming, dtypes, leftOut } = what;
  const sam = what.kind === 'sam' ? planSam(source) : undefined;
  return {
    architecture,
    naming,
    dtypes,
    weightsHash: await hasher.finish(),
    ...(leftOut > 0 && { leftOut }),
    ...(sam && { knowsWords: sam.textAffine.size > 0, config: sam.config }),
  };
}

function aboutPrepared({ name, shards, source, rounding, files }: PreparedIndex): Record<string, unknown> {
  return { name, shards: shards.length, madeFrom: source, rounding, files: files.map((file) => file.name) };
}

/** @returns the bytes of all of them @throws SaltError `HASH_MISMATCH` for one that is not as it was written */
async function checkShards({ shards, files }: PreparedIndex, folder: string): Promise<number> {
  let bytes = 0;
  for (const { name, sha256 } of [...shards, ...files]) {
    const found = await digestFile(join(folder, name));
    bytes += found.bytes;
    if (found.sha256 === sha256) continue;
    throw new SaltError(
      'HASH_MISMATCH',
      `${join(folder, name)} is damaged: its SHA-256 is not that of the index. Remove the model and import it again.`,
      { file: name, found: found.sha256, expected: sha256 },
    );
  }
  return bytes;
}

function textOf({ file, bytes, kind, tensors, parameters, about }: Report): string {
  const rows = [
    ['kind', kind],
    ['size', formatBytes(bytes)],
    ['tensors', `${tensors}, ${parameters.toLocaleString('en')} numbers`],
    ...Object.entries(about).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ];
  return `${file}\n${list(rows.map((row) => ['', ...row]))}`;
}
