import type { Executor } from '../../graph/executor.ts';
import type { SamBase } from '../../inference/sam-base.ts';
import type { TextEncoder } from '../../model/text/text-encoder.ts';
import { SaltError } from '../../protocol/errors.ts';
import { runNoteText } from '../../protocol/run-note.ts';
import { savedFingerprint } from '../../training/checkpointer.ts';
import { splitOfJob } from '../../training/job-split.ts';
import { prepareSamRun } from '../../training/prepare-sam.ts';
import { prepareUnetRun } from '../../training/prepare-unet.ts';
import { train } from '../../training/trainer.ts';
import { openData } from '../data.ts';
import { loadModel } from '../models/load-model.ts';
import { shippedHead, textEncoderOf, withHead } from '../models/shipped.ts';
import { openClip } from '../models/text-encoders.ts';
import { checkpointsIn } from '../unfinished-run.ts';
import { memoryForStep, nodeFactor, openDevice } from './device.ts';
import { requireTrainingOptions } from './fitting-options.ts';
import type { TrainJob, TrainRequest } from './train-request.ts';

/**
 * CLIP embeds the words at once and is let go: it takes hundreds of megabytes, and the training may want another device.
 * @throws SaltError `INVALID_ARGUMENT` when the encoder's vectors are not of the length that the model reads
 */
async function encoderFor(
  { textEncoder, choices }: TrainRequest,
  base: SamBase,
  executor: Executor,
): Promise<TextEncoder> {
  if (textEncoder === undefined) return textEncoderOf(base);
  const clip = await openClip(textEncoder, executor);
  try {
    const { id, dimension } = clip;
    if (dimension !== base.config.textDim) {
      throw new SaltError(
        'INVALID_ARGUMENT',
        `${textEncoder} gives ${dimension} numbers a phrase, but "${base.name}" reads ${base.config.textDim}.`,
      );
    }
    const embedded = new Map<string, Float32Array>();
    for (const word of choices.words) embedded.set(word.trim(), await clip.embed(word));
    return {
      id,
      dimension,
      embed(word) {
        const embedding = embedded.get(word);
        if (!embedding) throw new RangeError(`"${word}" is none of the run's words.`);
        return Promise.resolve(embedding);
      },
    };
  } finally {
    await clip.dispose();
  }
}

/** Reads the data and the model, opens the device, and trains. */
export const trainJob: TrainJob = async (request, { emit, signal }) => {
  const { choices, checkpointSeconds } = request;
  const tell = (text: string): void => emit({ kind: 'message', text });
  const { samples, problems } = await openData({ ...request.data, words: choices.words });
  problems.forEach(tell);
  const loaded = await loadModel(request.model);
  requireTrainingOptions(request, loaded);
  signal.throwIfAborted();
  const { device, executor } = await openDevice(request, emit);
  const maxBytes = request.maxBytes ?? (device === 'cpu' ? memoryForStep() : Infinity);
  const open = async (keepsMemory: boolean) => {
    if (keepsMemory || device !== 'cpu') return executor;
    await executor.dispose();
    return (await openDevice({ ...request, device }, () => undefined, false)).executor;
  };
  const store = checkpointsIn(request.checkpoints);
  const run =
    loaded.kind === 'sam'
      ? await prepareSamRun({
          choices,
          base: await withHead(loaded.base, request.detail, choices.seed),
          encoder: await encoderFor(request, loaded.base, executor),
          factor: nodeFactor(emit, signal),
          maxBytes,
          samples,
          open,
          begun: request.resume ? await savedFingerprint(store) : undefined,
        })
      : await prepareUnetRun({
          choices,
          ...loaded,
          ...(request.pretrained && { head: await shippedHead() }),
          samples,
          open,
        });
  run.notes.map(runNoteText).forEach(tell);
  signal.throwIfAborted();
  const job = { subject: run.subject, settings: run.settings, samples };
  const split = splitOfJob(job);
  emit({
    kind: 'run',
    description: {
      ...run.description,
      trainingSamples: split.train.map(({ id }) => id),
      heldOutSamples: split.heldOut.map(({ id }) => id),
    },
  });
  return train(job, {
    executor: run.executor,
    maxBytes,
    store,
    resume: request.resume,
    ...(checkpointSeconds !== undefined && { checkpointSeconds }),
    onEvent: (event) => emit({ kind: 'training', event }),
    onBest: (keepsake) => emit({ kind: 'best', keepsake }),
    shouldStop: () => signal.aborted,
  });
};
