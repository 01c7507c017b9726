import { ADAPTER_FORMAT, hashFrame } from '../adapters/index.ts';
import type { AdapterFile, AdapterInfo, MethodConfig } from '../adapters/index.ts';
import { floatTensor } from '../graph/tensor.ts';
import { weightsHash } from '../model/checkpoint/weights-hash.ts';
import type { Keepsake } from './job.ts';

/** What a run was, beside the numbers that it gave: known before its first step. Plain data. */
export interface RunDescription {
  readonly model: AdapterInfo['model'];
  readonly method: MethodConfig;
  readonly seed: number;
  /** Of the model's square input in training, in pixels. */
  readonly imageSize: number;
  /** The same when frames are segmented, where it is another. */
  readonly segmentedAt?: number;
  /** Longest side of frames in training, in pixels, where the model saw tiles of them. */
  readonly frameSize?: number;
  readonly normalisation: 'sam' | 'field-of-view';
  /** Where any frame came with the still background of its run, which was taken off. */
  readonly stillBackground?: 'subtracted';
  /** In the order of the outputs. An embedding, where the model takes text. */
  readonly prompts: readonly {
    readonly word: string;
    readonly encoder: string | null;
    readonly embedding?: Float32Array;
  }[];
  /** Of the adapter that the run went on from, whose frames the new one was trained on, too. */
  readonly earlier?: Pick<AdapterInfo['training'], 'salt' | 'frames'>;
  /** Ids of the samples on each side. */
  readonly trainingSamples: readonly string[];
  readonly heldOutSamples: readonly string[];
}

export interface RunStamp {
  /** Version of this software. */
  readonly software: string;
  readonly createdAt: Date;
  readonly stepsPerEpoch: number;
}

/** Hexadecimal; 128 bits. */
const SALT_DIGITS = 32;

/**
 * The adapter file of a run, from its result or from what was best when it was interrupted. Frames go in as hashes
 * with a salt that is drawn from the result, so that equal runs give equal files but for the date, or is that of the run before.
 */
export async function adapterOfRun(
  run: RunDescription,
  { trained, step, score }: Keepsake,
  { software, createdAt, stepsPerEpoch }: RunStamp,
): Promise<AdapterFile> {
  const salt = run.earlier?.salt ?? (await weightsHash(trained)).slice(0, SALT_DIGITS);
  const hashed = (ids: readonly string[]) => Promise.all(ids.map((id) => hashFrame(salt, id)));
  return {
    info: {
      format: ADAPTER_FORMAT,
      software,
      createdAt: createdAt.toISOString(),
      seed: run.seed,
      model: run.model,
      method: run.method,
      imageSize: run.imageSize,
      ...(run.segmentedAt !== undefined && { segmentedAt: run.segmentedAt }),
      ...(run.frameSize !== undefined && { frameSize: run.frameSize }),
      normalisation: run.normalisation,
      ...(run.stillBackground && { stillBackground: run.stillBackground }),
      prompts: run.prompts.map(({ word, encoder }) => ({ word, encoder })),
      training: {
        salt,
        frames: [...new Set([...(run.earlier?.frames ?? []), ...(await hashed(run.trainingSamples))])],
        heldOut: await hashed(run.heldOutSamples),
      },
      metrics: score && { dice: score.dice, hd95: score.hd95, epoch: Math.ceil(step / stepsPerEpoch) },
    },
    values: trained,
    embeddings: run.prompts.map(({ embedding }) => embedding && floatTensor([embedding.length], embedding)),
  };
}
