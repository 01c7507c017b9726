import { access, constants, mkdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { encodeAdapter } from '../../adapters/index.ts';
import { SaltError } from '../../protocol/errors.ts';
import { unwritable, writeFileAtomic } from '../../runtime/files.node.ts';
import { adapterOfRun } from '../../training/adapter-of-run.ts';
import { AUGMENTATION_PRESETS } from '../../training/augmentation.ts';
import type { AugmentationPreset } from '../../training/augmentation.ts';
import type { Keepsake, TrainingResult } from '../../training/job.ts';
import type { Budget } from '../../training/settings.ts';
import { isTrainingState } from '../../training/training-state.ts';
import type { Console } from '../console.ts';
import type { TrainLine } from '../events.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import type { TrainJob, TrainRequest } from '../jobs/train-request.ts';
import { findModel } from '../models/model-source.ts';
import { SHIPPED_NAME } from '../models/shipped.ts';
import { requireOtherFile } from '../outputs.ts';
import { consoleOf, deviceOf, methodOf, repeated, withDevice, withMethod, withOutput } from '../options.ts';
import type { CommonOptions, DeviceCliOptions, MethodCliOptions } from '../options.ts';
import { leave, runJob } from '../run-job.ts';
import { TrainWatch, keptText } from '../train-watch.ts';
import { requireNothingToResume, whileOwned } from '../unfinished-run.ts';
import { byteCount, numberAbove, share, tileSize, wholeNumber } from '../values.ts';
import { VERSION } from '../version.ts';

interface TrainOptions extends CommonOptions, DeviceCliOptions, MethodCliOptions {
  readonly data?: string;
  readonly dicom?: readonly string[];
  readonly model: string;
  readonly prompt?: readonly string[];
  readonly epochs?: number;
  readonly steps?: number;
  readonly minutes?: number;
  readonly out: string;
  readonly resume?: true;
  readonly seed: number;
  readonly batch?: number;
  readonly accumulate?: number;
  readonly lr?: number;
  readonly imageSize?: number;
  readonly tiles?: number | 'whole';
  readonly augment?: AugmentationPreset;
  readonly forgiveEdges?: true;
  readonly heldOut?: number;
  readonly patience?: number;
  readonly evaluateEvery?: number;
  readonly maxMemory?: number;
  readonly checkpointSeconds?: number;
  readonly textEncoder?: string;
  readonly pretrained?: true;
  readonly detail: boolean;
  readonly unetDepth?: number;
  readonly unetFeatures?: number;
}

const EXAMPLES = `
Examples:
  A U-Net from scratch, for a quarter of an hour, on a folder with images/ and masks/:
    ohif-salt train --data frames --model unet --minutes 15 --out vessels.safetensors
  SALT on SAM ViT-B (download sam_vit_b_01ec64.pth from its authors first):
    ohif-salt train --data frames --model sam_vit_b_01ec64.pth --method salt --epochs 50 --out vein.safetensors
  DICOM angiograms with DICOM segmentations:
    ohif-salt train --dicom study/ --model unet --epochs 100 --out vessels.safetensors
  Go on after a crash or Ctrl-C, with the same options:
    ohif-salt train --data frames --model unet --minutes 15 --out vessels.safetensors --resume
  Try the whole path in seconds, with a SAM that knows nothing:
    ohif-salt train --data frames --model random:tiny --steps 20 --out try.safetensors

The data folder has images/ and masks/, paired by name (images/21.png with masks/21.png or masks/21_mask.png),
optionally fov/ (where frames show anything) and data_split.csv (columns image, mask, split: train, val or test).
`;

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .summary('train an adapter, or a U-Net, on annotated frames')
    .description(
      'Trains on frames with masks and writes what was learnt to one file. Part of the frames is held out; the best ' +
        'by their Dice is kept. Ctrl-C stops and keeps the best so far.',
    )
    .option('--data <folder>', 'folder with images/ and masks/, or of DICOM files')
    .option('--dicom <files...>', 'DICOM images and segmentations, or folders of them')
    .option(
      '--model <model>',
      'salt-tiny, unet, a checkpoint (.safetensors, .pth), or a name: see "ohif-salt models list"',
      SHIPPED_NAME,
    )
    .requiredOption('--out <file>', 'the adapter file to write')
    .option('--epochs <n>', 'how long: times that every frame is seen', wholeNumber(1, 1_000_000))
    .option('--steps <n>', 'how long: updates', wholeNumber(1, 1_000_000_000))
    .option('--minutes <n>', 'how long: time', numberAbove(0, 1_000_000))
    .option('--prompt <word>', 'what the masks show; may be given several times (default: Vein)', repeated)
    .option('--resume', 'go on where a run with the same options was interrupted')
    .option('--seed <n>', 'equal seeds give equal runs', wholeNumber(0, 2 ** 31 - 1), 1);
  withMethod(command);
  withDevice(command);
  command
    .option(
      '--max-memory <size>',
      'what a training step may take, e.g. 4GB (default: most of what is free)',
      byteCount,
    )
    .option(
      '--batch <n>',
      'frames in a batch (default: 4 for a U-Net, 1 for salt-tiny, 5 for another SAM, if memory allows)',
      wholeNumber(1, 1024),
    )
    .option('--accumulate <n>', 'batches before each update', wholeNumber(1, 1024))
    .option(
      '--lr <rate>',
      'learning rate (default: 0.003 for a U-Net and salt-tiny, which has up to 0.006 in long runs; 0.0001 for SAM)',
      numberAbove(0, 100),
    )
    .option(
      '--image-size <px>',
      "longest side of frames as a SAM sees them (default: 512, for salt-tiny up to 640 and in tiles up to 1024), or side of a U-Net's crops (default: 256)",
      wholeNumber(8, 8192),
    )
    .option(
      '--tiles <px>',
      'side of the tiles in which a SAM sees frames, or "whole" (default: 320 for salt-tiny, several prompts and frames in colour, and, in runs of at least 5 minutes or 1000 steps, for one prompt that fills a fifth of the frame)',
      tileSize,
    )
    .addOption(
      new Option(
        '--augment <how>',
        'random changes to frames (default: vessels for a U-Net and salt-tiny, words for salt-tiny with several prompts and whole frames, published for SAM)',
      ).choices(AUGMENTATION_PRESETS),
    )
    .option('--forgive-edges', 'masks were painted by hand: their outermost pixels count neither way')
    .option(
      '--held-out <share>',
      'share of the frames to judge by, unless data_split.csv says; 0: train on all, keep the last (default: 0.2)',
      share,
    )
    .option(
      '--patience <n>',
      'stop after this many evaluations without a better one',
      wholeNumber(1, 1_000_000),
    )
    .option(
      '--evaluate-every <steps>',
      'steps between evaluations (default: an epoch or more)',
      wholeNumber(1, 1e9),
    )
    .option('--no-detail', "SAM's own masks, on a quarter of the image's grid: no head that draws finer ones")
    .option(
      '--text-encoder <clip>',
      "embed the words with CLIP (a folder, or clip-vit-b-32) in place of the model's own",
    )
    .option('--checkpoint-seconds <s>', 'time between checkpoints (default: 30)', numberAbove(0, 86_400))
    .option('--pretrained', 'U-Net: start from what the head of salt-tiny has learnt to see')
    .option('--unet-depth <n>', 'U-Net: how often it halves the image (default: 4)', wholeNumber(1, 8))
    .option('--unet-features <n>', 'U-Net: channels at full resolution (default: 16)', wholeNumber(1, 256));
  withOutput(command).addHelpText('after', EXAMPLES).action(runTrain);
}

async function runTrain(options: TrainOptions): Promise<void> {
  const request = await requestOf(options);
  const { out } = options;
  // Not even by a U-Net that goes on: it could not be resumed, nor had again if it gets worse.
  if (request.model.kind === 'file') await requireOtherFile(out, [request.model.path]);
  await prepareFolders(out, request);
  const console = consoleOf(options);
  const reason = await whileOwned(request.checkpoints, console, async () => {
    if (!request.resume) await requireNothingToResume(request.checkpoints, isTrainingState);
    return trainAndKeep(out, request, console);
  });
  if (reason === 'cancelled') leave(EXIT.cancelled);
}

/**
 * Trains, and writes the best, also of a run that is cancelled or fails.
 * @throws what the run failed by
 */
async function trainAndKeep(
  out: string,
  request: TrainRequest,
  console: Console,
): Promise<TrainingResult['reason']> {
  const watch = new TrainWatch(console);
  let result: TrainingResult | undefined;
  let failure: unknown;
  try {
    result = await runJob<TrainJob>({
      name: 'train',
      request,
      console,
      onEvent: (event) => watch.take(event),
    });
  } catch (error) {
    failure = error;
  }
  watch.stop();
  // Without a step there is nothing but the start.
  const kept = result && result.steps > 0 ? result : watch.best;
  const reason = result?.reason ?? (exitCodeOf(failure) === EXIT.cancelled ? 'cancelled' : 'failed');
  const bytes = kept && (await writeAdapter(out, watch, kept));
  const line: TrainLine = {
    kind: 'result',
    adapter: bytes === undefined ? null : out,
    bytes: bytes ?? null,
    reason,
    bestStep: kept?.step ?? null,
    score: kept?.score ?? null,
  };
  console.event(line);
  if (reason === 'failed') {
    if (kept && bytes !== undefined)
      console.tell(`What was best until then is in ${keptText(out, bytes, kept)}.`);
    throw failure;
  }
  if (reason === 'cancelled') {
    console.tell(
      kept && bytes !== undefined
        ? `Cancelled. The best so far is in ${keptText(out, bytes, kept)}.`
        : 'Cancelled before there was anything to keep.',
    );
    return reason;
  }
  await rm(request.checkpoints, { recursive: true, force: true });
  if (!console.json && kept && bytes !== undefined)
    console.result(`Wrote ${keptText(out, bytes, kept)}.`, null);
  return reason;
}

async function requestOf(options: TrainOptions): Promise<TrainRequest> {
  const { data, dicom = [], prompt = ['Vein'], out } = options;
  if (data === undefined && dicom.length === 0) {
    throw new SaltError('INVALID_ARGUMENT', 'Say what to train on: --data FOLDER or --dicom FILES.');
  }
  const method = methodOf(options);
  const { imageSize, tiles, batch, accumulate, lr, augment, heldOut, patience, evaluateEvery } = options;
  const { maxMemory, checkpointSeconds, unetDepth, unetFeatures } = options;
  return {
    ...deviceOf(options),
    data: { ...(data !== undefined && { folder: data }), dicom },
    model: await findModel(options.model),
    detail: options.detail,
    pretrained: options.pretrained === true,
    ...(options.textEncoder !== undefined && { textEncoder: options.textEncoder }),
    checkpoints: `${out}.resume`,
    resume: options.resume === true,
    ...(maxMemory !== undefined && { maxBytes: maxMemory }),
    ...(checkpointSeconds !== undefined && { checkpointSeconds }),
    choices: {
      words: prompt,
      budget: budgetOf(options),
      seed: options.seed,
      unet: {
        ...(unetDepth !== undefined && { poolings: unetDepth }),
        ...(unetFeatures !== undefined && { features: unetFeatures }),
      },
      ...(method && { method }),
      ...(imageSize !== undefined && { imageSize }),
      ...(tiles !== undefined && { tileSize: tiles }),
      ...(batch !== undefined && { batchSize: batch }),
      ...(accumulate !== undefined && { accumulate }),
      ...(lr !== undefined && { learningRate: lr }),
      ...(augment !== undefined && { augmentation: augment }),
      ...(options.forgiveEdges && { forgiveEdges: true }),
      ...(heldOut !== undefined && { heldOutShare: heldOut }),
      ...(patience !== undefined && { patience }),
      ...(evaluateEvery !== undefined && { evaluateEvery }),
    },
  };
}

function budgetOf({ epochs, steps, minutes }: TrainOptions): Budget {
  const given = [epochs, steps, minutes].filter((value) => value !== undefined).length;
  if (given === 1) {
    if (epochs !== undefined) return { epochs };
    if (steps !== undefined) return { steps };
    if (minutes !== undefined) return { minutes };
  }
  throw new SaltError(
    'INVALID_ARGUMENT',
    'Say how long to train with one of --minutes, --epochs and --steps.',
  );
}

/** Fails now rather than after hours if the result could not be written. */
async function prepareFolders(out: string, { checkpoints }: TrainRequest): Promise<void> {
  try {
    const found = await stat(out).catch(() => undefined);
    if (found?.isDirectory()) throw Object.assign(new Error('It is a folder.'), { code: 'EISDIR' });
    await mkdir(dirname(out), { recursive: true });
    await access(dirname(out), constants.W_OK);
    await mkdir(checkpoints, { recursive: true });
  } catch (cause) {
    throw unwritable(out, cause);
  }
}

/** @returns the size of the file */
async function writeAdapter(path: string, watch: TrainWatch, kept: Keepsake): Promise<number | undefined> {
  const { description, stepsPerEpoch } = watch;
  if (!description) return undefined;
  const stamp = { software: VERSION, createdAt: new Date(), stepsPerEpoch };
  const bytes = encodeAdapter(await adapterOfRun(description, kept, stamp));
  await writeFileAtomic(path, bytes);
  return bytes.byteLength;
}
