import { join } from 'node:path';
import { fileCheckpointStore } from '../../training/checkpoint-store.node.ts';
import { splitOfJob } from '../../training/job-split.ts';
import { train } from '../../training/trainer.ts';
import { openData } from '../data.ts';
import { loadModel } from '../models/load-model.ts';
import { memoryForStep, nodeFactor, openDevice } from './device.ts';
import { prepareSamRun } from './sam-run.ts';
import type { TrainJob } from './train-request.ts';
import { prepareUnetRun } from './unet-run.ts';

const STATE_FILE = 'state.safetensors';

/** Reads the data and the model, opens the device, and trains. */
export const trainJob: TrainJob = async (request, { emit, signal }) => {
  const data = await openData(request.data);
  const tell = (text: string): void => emit({ kind: 'message', text });
  data.problems.forEach(tell);
  const { samples } = data;
  const loaded = await loadModel(request.model);
  signal.throwIfAborted();
  let opened = await openDevice(request, emit);
  const maxBytes = request.maxBytes ?? (opened.device === 'cpu' ? memoryForStep() : Infinity);
  const open = async (arena: boolean) => {
    if (arena || opened.device !== 'cpu') return opened;
    await opened.executor.dispose();
    opened = await openDevice({ ...request, device: 'cpu' }, () => undefined, false);
    return opened;
  };
  const factor = nodeFactor(emit, signal);
  const {
    subject,
    settings,
    description,
    opened: device,
  } = loaded.kind === 'sam'
    ? await prepareSamRun({ request, base: loaded.base, factor, maxBytes, tell, open })
    : await prepareUnetRun({ request, model: loaded, samples, open });
  signal.throwIfAborted();
  const job = { subject, settings, samples };
  const split = splitOfJob(job);
  emit({
    kind: 'run',
    description: {
      ...description,
      trainingSamples: split.train.map(({ id }) => id),
      heldOutSamples: split.heldOut.map(({ id }) => id),
    },
  });
  const { checkpointSeconds } = request;
  return train(job, {
    executor: device.executor,
    maxBytes,
    store: fileCheckpointStore(join(request.checkpoints, STATE_FILE)),
    resume: request.resume,
    ...(checkpointSeconds !== undefined && { checkpointSeconds }),
    onEvent: (event) => emit({ kind: 'training', event }),
    onBest: (keepsake) => emit({ kind: 'best', keepsake }),
    shouldStop: () => signal.aborted,
  });
};
