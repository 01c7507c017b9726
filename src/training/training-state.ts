/** Everything that a run needs to go on as if it had never stopped, as one safetensors file. */
import { z } from 'zod';
import { floatTensor } from '../graph/tensor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { parseSafetensors } from '../model/checkpoint/safetensors.ts';
import { encodeSafetensors } from '../model/checkpoint/safetensors-writer.ts';
import { heldOutScoreSchema } from '../protocol/events.ts';
import { SaltError } from '../protocol/errors.ts';
import { batchStateSchema } from './batches.ts';

const FORMAT = 'ohif-salt-training/1';
const count = z.int().min(0);

const progressSchema = z.strictObject({
  /** What the run is; see `fingerprint.ts`. */
  fingerprint: z.record(z.string(), z.string()),
  /** Steps done. */
  step: count,
  /** Of training so far, over all resumptions. */
  elapsedSeconds: z.number().min(0),
  /** What a budget in time knows of its pace; checkpoints of before do not say. */
  pace: z
    .strictObject({ begunSeconds: z.number().min(0), secondsPerEvaluation: z.number().min(0) })
    .exactOptional(),
  batches: batchStateSchema,
  history: z.array(z.strictObject({ step: count, score: heldOutScoreSchema })),
  best: z.strictObject({ step: count, score: heldOutScoreSchema.nullable() }).nullable(),
  /** Evaluations in a row without a better one. */
  stale: count,
});

export type TrainingProgress = z.infer<typeof progressSchema>;

/** Vectors have one entry for each segment of the plan. */
export interface TrainingState extends TrainingProgress {
  readonly parameters: readonly FloatTensor[];
  readonly first: readonly FloatTensor[];
  readonly second: readonly FloatTensor[];
  /** Parameters of the best step; empty as long as there is none. */
  readonly bestParameters: readonly FloatTensor[];
}

const VECTORS = ['parameters', 'first', 'second', 'bestParameters'] as const;

/** @throws SaltError `NOT_FINITE` */
export function encodeTrainingState(state: TrainingState): Uint8Array<ArrayBuffer> {
  const { parameters, first, second, bestParameters, ...progress } = state;
  const vectors = { parameters, first, second, bestParameters };
  const tensors = new Map<string, FloatTensor>();
  for (const name of VECTORS) vectors[name].forEach((vector, i) => tensors.set(`${name}.${i}`, vector));
  return encodeSafetensors(tensors, {
    format: FORMAT,
    progress: JSON.stringify(progressSchema.parse(progress)),
  });
}

/** @throws SaltError `CHECKPOINT_INVALID` when it is no training state, or a damaged one */
export function decodeTrainingState(bytes: Uint8Array): TrainingState {
  const file = parseSafetensors(bytes);
  if (file.metadata['format'] !== FORMAT) {
    throw new SaltError('CHECKPOINT_INVALID', `This is not a training checkpoint of format ${FORMAT}.`);
  }
  const progress = parseProgress(file.metadata['progress'] ?? '');
  const vectors = (name: string): FloatTensor[] => {
    const found: FloatTensor[] = [];
    while (file.has(`${name}.${found.length}`)) {
      const { shape, data } = file.float32(`${name}.${found.length}`);
      // A copy: the file's bytes can then be let go.
      found.push(floatTensor(shape, data.slice()));
    }
    return found;
  };
  return {
    ...progress,
    parameters: vectors('parameters'),
    first: vectors('first'),
    second: vectors('second'),
    bestParameters: vectors('bestParameters'),
  };
}

function parseProgress(text: string): TrainingProgress {
  try {
    return progressSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new SaltError(
      'CHECKPOINT_INVALID',
      'The training checkpoint does not say how far it got.',
      {},
      { cause },
    );
  }
}

/** Whether the bytes are a whole training checkpoint, as far as that shows without reading its numbers. */
export function isTrainingState(bytes: Uint8Array): boolean {
  try {
    return parseSafetensors(bytes).metadata['format'] === FORMAT;
  } catch {
    return false;
  }
}
