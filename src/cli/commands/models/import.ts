import { dirname, parse, resolve } from 'node:path';
import type { Command } from 'commander';
import { openModelFile } from '../../../model/prepared/open-model-file.node.ts';
import type { PreparedIndex } from '../../../model/prepared/prepared-index.ts';
import type { Recognised } from '../../../model/prepared/recognise.ts';
import { isFullyPublished } from '../../../model/registry/registry.ts';
import type { RegisteredFile, RegisteredModel } from '../../../model/registry/registry.ts';
import { SaltError } from '../../../protocol/errors.ts';
import { factorModel } from '../../../runtime/models/factor-model.node.ts';
import { digestFile } from '../../../runtime/models/file-digests.node.ts';
import type { FileDigests } from '../../../runtime/models/file-digests.node.ts';
import { importModel } from '../../../runtime/models/import.node.ts';
import { findFile } from '../../../runtime/models/pull.node.ts';
import { verifyFile } from '../../../runtime/models/verify-file.node.ts';
import type { Console } from '../../console.ts';
import { interruptible } from '../../interrupt.ts';
import { modelsFolder } from '../../models/folders.ts';
import { findModel, isBuiltIn } from '../../models/model-source.ts';
import { registeredModels } from '../../models/registry.ts';
import { consoleOf, withOutput } from '../../options.ts';
import type { CommonOptions } from '../../options.ts';
import { formatBytes } from '../../../protocol/format-bytes.ts';
import { formatSeconds } from '../../values.ts';

interface ImportCliOptions extends CommonOptions {
  readonly name?: string;
  readonly svd: boolean;
}

const NOTES = `
Examples:
    ohif-salt models import ./sam_vit_b_01ec64.pth
    ohif-salt models import ./checkpoint.safetensors --name our-sam --no-svd

Reads Meta's and Hugging Face's SAM, MedSAM, and CLIP's text encoder, as .pth, .bin or .safetensors. The numbers are
rounded to float16, which halves them and is stated; the prepared model is one of its own, with its own hash, and an
adapter is bound to the one that it was trained on. The file itself is left alone.
`;

export function addImport(models: Command): void {
  withOutput(
    models
      .command('import')
      .summary('prepare a checkpoint: float16 shards, weights decomposed')
      .description('Says what a checkpoint holds, and prepares it for the browser and for quick starts.')
      .argument('<file>', 'its path, or the name of a model that was pulled')
      .option('--name <name>', 'what --model shall call it (default: by what it is, or by its file)')
      .option('--no-svd', 'do not decompose the weights now: the first SALT training does'),
  )
    .addHelpText('after', NOTES)
    .action(runImport);
}

async function runImport(reference: string, options: ImportCliOptions): Promise<void> {
  const console = consoleOf(options);
  const found = await findModel(reference);
  if (found.kind !== 'file') {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `"${reference}" is made on the spot: there is no file to import.`,
    );
  }
  await interruptible(console, async (signal) => {
    const started = performance.now();
    const progress = console.progress();
    try {
      const digests = await digestsOf(found.path, {
        signal,
        onProgress: (bytes, total) => progress.update(bytes / total, 'reading the file'),
      });
      const published = findPublished(digests);
      const name = options.name ?? published?.model.name ?? parse(found.name).name;
      if (isBuiltIn(name)) {
        throw new SaltError(
          'INVALID_ARGUMENT',
          `--model ${name} means the model that comes with the program: import it under another name, with --name.`,
        );
      }
      const { index, path } = await importModel(found.path, {
        folder: modelsFolder(),
        name,
        sha256: digests.sha256,
        signal,
        onEvent: (event) => {
          if (event.kind === 'recognised') tellRecognised(console, event.what, published);
          else
            progress.update(
              event.done / event.total,
              `preparing: ${(event.done / 1e6).toFixed(1)} of ${(event.total / 1e6).toFixed(1)} million numbers`,
            );
        },
      });
      const decomposed =
        options.svd && index.kind === 'sam' ? await decompose(path, console, signal, progress) : 0;
      progress.stop();
      const seconds = (performance.now() - started) / 1000;
      console.result(textOf(index, path, decomposed, seconds), {
        name,
        path,
        kind: index.kind,
        architecture: index.architecture,
        source: index.source,
        published: published?.model.name,
        parameters: index.parameters,
        weightsHash: index.weightsHash,
        rounding: index.rounding,
        shards: index.shards,
        decomposed,
        seconds,
      });
    } finally {
      progress.stop();
    }
  });
}

async function decompose(
  path: string,
  console: Console,
  signal: AbortSignal,
  progress: { update(fraction: number, text: string): void },
): Promise<number> {
  const file = await openModelFile(path);
  try {
    return await factorModel(file.source, {
      signal,
      onWarning: (text) => console.warn(text),
      onProgress: ({ done, total, secondsLeft }) => {
        const left = secondsLeft === null || done === total ? '' : `, ${formatSeconds(secondsLeft)} left`;
        progress.update(done / total, `decomposing the weights: ${done} of ${total}${left}`);
      },
    });
  } catch (error) {
    if (!(error instanceof SaltError) || error.code !== 'CANCELLED') throw error;
    throw new SaltError(
      'CANCELLED',
      'Stopped. The model is prepared; its weights are decomposed at the first training.',
      {},
      { cause: error },
    );
  } finally {
    await file.close();
  }
}

/** Of a file that stands where a registered model's does: compared with all that is known of that. */
async function digestsOf(path: string, options: Parameters<typeof digestFile>[1]): Promise<FileDigests> {
  const folder = modelsFolder();
  for (const model of registeredModels()) {
    for (const file of model.files) {
      const place = await findFile(folder, model, file);
      if (place !== undefined && resolve(place) === resolve(path)) {
        return verifyFile(folder, model.name, file, path, options);
      }
    }
  }
  return digestFile(path, options);
}

interface Published {
  readonly model: RegisteredModel;
  readonly file: RegisteredFile;
}

/** The registered file that this is, beyond doubt. */
function findPublished(digests: FileDigests): Published | undefined {
  const is = (file: RegisteredFile): boolean =>
    isFullyPublished(file) && file.digests.every(({ algorithm, hex }) => digests[algorithm].startsWith(hex));
  return registeredModels()
    .flatMap((model) => model.files.map((file) => ({ model, file })))
    .find(({ file }) => is(file));
}

function tellRecognised(console: Console, what: Recognised, published: Published | undefined): void {
  const { architecture, parameters, dtypes, naming, leftOut } = what;
  const rest = leftOut > 0 ? ` ${leftOut} other tensors are not needed.` : '';
  console.tell(
    `Recognised: ${architecture}; ${(parameters / 1e6).toFixed(2)} million parameters as ${dtypes.join(' and ')}, named as by ${naming}.${rest}`,
  );
  console.tell(
    published
      ? `It is ${published.model.title}: ${published.file.name}, as published (${published.model.licence}).`
      : 'It is none of the published files that are known by their hash.',
  );
}

function textOf(index: PreparedIndex, path: string, decomposed: number, seconds: number): string {
  const { name, shards, rounding } = index;
  const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
  const { tensor, tensorError, numberError, vanished } = rounding;
  const lost =
    tensorError === 0
      ? 'The numbers were float16 already: nothing was rounded.'
      : `Rounded to float16: relative error of a number at most ${numberError.toExponential(1)}, of a tensor at most ${tensorError.toExponential(1)} (${tensor}); ${vanished} numbers were too small and became 0.`;
  return [
    `Prepared as "${name}" in ${dirname(path)}: ${shards.length} shards, ${formatBytes(bytes)}, in ${formatSeconds(seconds)}.`,
    lost,
    ...(decomposed > 0 ? [`${decomposed} weights are decomposed and kept in the cache.`] : []),
    ...(index.kind === 'sam'
      ? [
          `Use it as --model ${name}. An adapter trained on it belongs to it, and not to the file it was made from.`,
        ]
      : []),
  ].join('\n');
}
