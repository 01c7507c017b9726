import { z } from 'zod';
import { countPixels } from '../../generator/draw/masks.ts';
import { generateImage } from '../../generator/index.ts';
import { IMAGE_KINDS, STRUCTURES } from '../../generator/generated-image.ts';
import type { Structure } from '../../generator/generated-image.ts';
import type { Executor } from '../../graph/executor.ts';
import { floatTensor } from '../../graph/tensor.ts';
import { createSegmenter } from '../../inference/segmenter.ts';
import type { Weights } from '../../inference/stage-programs.ts';
import { compareMasks } from '../../metrics/compare-masks.ts';
import type { TextEncoder } from '../../model/text/text-encoder.ts';
import { pretrainedModel } from './subject.ts';

const share = z.number().min(0).max(1);

/** What a model does on drawn images that training never sees. */
export const pretrainingScoreSchema = z.strictObject({
  /** By `kind word`, e.g. `fundus artery`: mean Dice where the structure is there, ... */
  dice: z.record(z.string(), share),
  /** ... and share of images without it in which the mask is (almost) empty. */
  emptyWhereAbsent: z.record(z.string(), share),
  /** Mean of all of `dice`. */
  mean: share,
});

export type PretrainingScore = z.infer<typeof pretrainingScoreSchema>;

/** Seeds of test images lie below those of training. */
export const FIRST_TEST_SEED = 500_000_000;
/** A mask that covers no more than this share of the image is almost empty. */
const ALMOST_EMPTY = 0.002;

export interface EvaluationOptions {
  readonly executor: Executor;
  /** At the given image size. */
  readonly weights: Weights;
  /** Whether SAM is asked without the head. */
  readonly samAlone: boolean;
  readonly encoder: TextEncoder;
  readonly imageSize: number;
  readonly imagesPerKind: number;
  readonly shouldStop?: () => boolean;
}

/** Asks drawn images for every structure, there or not. @throws SaltError `CANCELLED`, `NOT_FINITE` */
export async function evaluatePretraining(options: EvaluationOptions): Promise<PretrainingScore> {
  const { executor, weights, samAlone, encoder, imageSize, imagesPerKind, shouldStop } = options;
  const segmenter = createSegmenter({
    executor,
    input: { framing: 'square', side: imageSize },
    model: () => pretrainedModel(imageSize, samAlone),
    weights: () => weights,
    placement: 'inputs',
  });
  const prompts = new Map<Structure, Float32Array>();
  for (const word of STRUCTURES) prompts.set(word, await encoder.embed(word));
  const dice = new Map<string, number[]>();
  const empty = new Map<string, number[]>();
  try {
    for (const kind of IMAGE_KINDS) {
      for (let i = 0; i < imagesPerKind; i++) {
        const image = generateImage(FIRST_TEST_SEED + i, imageSize, kind);
        for (const [word, embedding] of prompts) {
          const [mask] = await segmenter.segment(image.frame, {
            prompt: { text_embedding: floatTensor([1, embedding.length], embedding) },
            ...(shouldStop && { shouldStop }),
          });
          if (!mask) continue;
          const truth = image.masks.get(word);
          if (truth) append(dice, `${kind} ${word}`, compareMasks(mask, truth).dice);
          else append(empty, `${kind} ${word}`, countPixels(mask) <= ALMOST_EMPTY * mask.data.length ? 1 : 0);
        }
      }
    }
  } finally {
    await segmenter.dispose();
  }
  const means = meansOf(dice);
  return { dice: means, emptyWhereAbsent: meansOf(empty), mean: mean(Object.values(means)) };
}

function append(lists: Map<string, number[]>, name: string, value: number): void {
  lists.set(name, [...(lists.get(name) ?? []), value]);
}

function meansOf(lists: ReadonlyMap<string, readonly number[]>): Record<string, number> {
  return Object.fromEntries([...lists].map(([name, values]) => [name, mean(values)]));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
