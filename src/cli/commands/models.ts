import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { ADAPTER_INFO_KEY } from '../../adapters/index.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { openFileSource } from '../../model/checkpoint/file-source.node.ts';
import { loadSamWeights } from '../../model/checkpoint/load-sam.ts';
import { openCheckpoint } from '../../model/checkpoint/open-checkpoint.ts';
import { weightsHash } from '../../model/checkpoint/weights-hash.ts';
import { SaltError } from '../../protocol/errors.ts';
import { modelsFolder, modelsIn } from '../models/folders.ts';
import { readAdapter } from '../models/load-model.ts';
import { findModel } from '../models/model-source.ts';
import { RANDOM_SAMS } from '../models/random-models.ts';
import { consoleOf, withOutput } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { list } from '../table.ts';
import { formatBytes } from '../values.ts';

const EXAMPLES = `
Examples:
    ohif-salt models list
    ohif-salt models inspect sam_vit_b_01ec64.pth
    ohif-salt models inspect vein.safetensors
`;

export function addModels(program: Command): void {
  const command = program
    .command('models')
    .summary('what --model can name, and what is in a file')
    .description('Lists models, and looks into checkpoints and adapters.')
    .addHelpText('after', EXAMPLES);
  withOutput(command.command('list').description('What --model can name.')).action(runList);
  withOutput(
    command
      .command('inspect')
      .description('What a checkpoint or an adapter holds.')
      .argument('<file>', 'its path, or its name in the folder of models'),
  ).action(runInspect);
}

async function runList(options: CommonOptions): Promise<void> {
  const folder = modelsFolder();
  const files = await modelsIn(folder);
  const models = [
    { name: 'unet', what: 'a U-Net, trained from scratch' },
    ...[...RANDOM_SAMS].map(([name, { depth, embedDim }]) => ({
      name,
      what: `a SAM of ${depth} blocks of width ${embedDim} with random weights: for trying things out, knows nothing`,
    })),
    ...files.map(({ name, path }) => ({ name, what: path })),
  ];
  const text = list(models.map(({ name, what }) => [name, what]));
  const hint =
    files.length > 0 ? '' : `\n\nNo files in ${folder}. Checkpoints can also be named by their path.`;
  consoleOf(options).result(`${text}${hint}`, { folder, models });
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
  readonly kind: 'SAM' | 'adapter' | 'U-Net' | 'other';
  readonly tensors: number;
  readonly parameters: number;
  /** More, by what it is called. */
  readonly about: Readonly<Record<string, unknown>>;
}

async function inspect(path: string): Promise<Report> {
  const file = await openFileSource(path);
  try {
    const checkpoint = await openCheckpoint(file, basename(path));
    const { names } = checkpoint;
    const base = {
      file: path,
      bytes: (await stat(path)).size,
      tensors: names.length,
      parameters: names.reduce((sum, name) => sum + sizeOf(checkpoint.shape(name)), 0),
    };
    if (ADAPTER_INFO_KEY in checkpoint.metadata) {
      const { info } = await readAdapter(path);
      const { training, ...about } = info;
      const counts = { trainedOn: training.frames.length, heldOut: training.heldOut.length };
      return {
        ...base,
        kind: info.model.kind === 'unet' ? 'U-Net' : 'adapter',
        about: { ...about, ...counts },
      };
    }
    try {
      const { config, weights, textAffine } = await loadSamWeights(checkpoint);
      const about = { weightsHash: await weightsHash(weights), knowsWords: textAffine !== undefined, config };
      return { ...base, kind: 'SAM', about };
    } catch (error) {
      if (!(error instanceof SaltError) || error.code !== 'CHECKPOINT_MISMATCH') throw error;
      return { ...base, kind: 'other', about: { why: error.message, first: names.slice(0, 10) } };
    }
  } finally {
    await file.close();
  }
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
