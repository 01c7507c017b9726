import { z } from 'zod';
import type { WordRole } from '../inference/model-input.ts';
import { floatTensor } from '../graph/tensor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { SaltError } from '../protocol/errors.ts';
import { createRandom, randomStateSchema } from '../protocol/random.ts';
import { forgiveEdge } from './forgive-edge.ts';
import { drawExample } from './example.ts';
import type { ExampleOptions } from './example.ts';
import { SampleCache } from './loaded-sample.ts';
import { shuffled } from './split.ts';
import type { TrainingSample } from './training-sample.ts';

export interface BatchOptions extends ExampleOptions {
  /** Images. */
  readonly batchSize: number;
  /** Words that an image is asked at once, where words are prompts. Default: 1. */
  readonly promptsPerImage?: number;
  /**
   * Whether the rims of painted masks count neither way (see `forgiveEdge`); those of drafts that were corrected do count.
   * Not where several words are outputs: these share what counts. Default: false.
   */
  readonly forgiveEdges?: boolean;
  /** What is segmented. In the order of the model's outputs, where words are outputs. */
  readonly words: readonly string[];
  readonly wordRole: WordRole;
  /** The vector that the model is asked with for each word, where it reads `text_embedding`. */
  readonly embeddings?: ReadonlyMap<string, Float32Array>;
  readonly seed: number;
  /** Decoded frames and masks are kept in memory up to this size. */
  readonly cacheBytes: number;
}

/**
 * `image` [B, 3, S, S], `target` [B P, outputs, S, S], `valid` [B P, 1, S, S] and, if any, `text_embedding` [B P, T], for
 * P prompts an image. Where an image has fewer, nothing of the surplus rows counts (`valid` is zero).
 */
export type Batch = Readonly<Record<string, FloatTensor>>;

/** Everything that decides the batches to come; plain JSON. */
export const batchStateSchema = z.strictObject({
  order: randomStateSchema,
  augmentation: randomStateSchema,
  /** Places in the list of examples that are left of this round. */
  queue: z.array(z.int().min(0)),
});

export type BatchState = z.infer<typeof batchStateSchema>;

export interface BatchSource {
  /** Different examples in one round: samples, each with as many words as are asked at once. */
  readonly examples: number;
  /**
   * Every example comes once in a round, in an order drawn anew for each; batches run on across rounds.
   * @throws SaltError `NOT_FINITE` naming the frame, `DATASET_INVALID`
   */
  next(): Promise<Batch>;
  state(): BatchState;
  /** @throws SaltError `RESUME_MISMATCH` when the state is of other samples */
  restore(state: BatchState): void;
}

interface Example {
  readonly sample: TrainingSample;
  /** Which of the words. */
  readonly words: readonly number[];
}

/** @throws SaltError `DATASET_INVALID` when no sample has a mask for the words, or one lacks a word it needs */
export function createBatches(samples: readonly TrainingSample[], options: BatchOptions): BatchSource {
  const { words, side, batchSize, embeddings } = options;
  const outputs = options.wordRole === 'output' ? words.length : 1;
  const prompts = options.wordRole === 'output' ? 1 : (options.promptsPerImage ?? 1);
  const examples = listExamples(samples, words, options.wordRole, prompts);
  const cache = new SampleCache(words, options.cacheBytes);
  const order = createRandom(options.seed);
  // Another stream of the same seed.
  const augmentation = createRandom(-1 - options.seed);
  let queue: number[] = [];

  const take = (): Example => {
    if (queue.length === 0) queue = shuffled([...examples.keys()], order);
    const example = examples[queue.pop() ?? 0];
    if (!example) throw new RangeError('A batch needs examples.');
    return example;
  };

  return {
    examples: examples.length,
    async next() {
      const size = side * side;
      const rows = batchSize * prompts;
      const image = floatTensor([batchSize, 3, side, side]);
      const target = floatTensor([rows, outputs, side, side]);
      const valid = floatTensor([rows, 1, side, side]);
      const texts: Float32Array[] = [];
      for (let b = 0; b < batchSize; b++) {
        const example = take();
        const loaded = await cache.load(example.sample);
        const first = b * prompts;
        // Planes of one image lie one after another, whether they are outputs or the answers to prompts.
        const planes = example.words.map((_, i) => (first * outputs + i) * size);
        const inside = valid.data.subarray(first * size, (first + 1) * size);
        drawExample(loaded, example.words, options, augmentation, {
          image: image.data.subarray(b * 3 * size, (b + 1) * 3 * size),
          masks: planes.map((start) => target.data.subarray(start, start + size)),
          valid: inside,
        });
        for (let prompt = 1; prompt < prompts; prompt++) {
          if (prompt < example.words.length) valid.data.set(inside, (first + prompt) * size);
        }
        if (options.forgiveEdges === true && outputs === 1 && !example.sample.drafted) {
          for (let row = first; row < first + example.words.length; row++) {
            const plane = (all: FloatTensor): Float32Array => all.data.subarray(row * size, (row + 1) * size);
            forgiveEdge(plane(target), plane(valid), side);
          }
        }
        if (embeddings) texts.push(...promptRows(example.words, words, embeddings, prompts));
      }
      return { image, target, valid, ...(embeddings && { text_embedding: stack(texts, rows) }) };
    },
    state: () => ({ order: order.state(), augmentation: augmentation.state(), queue: [...queue] }),
    restore(state) {
      if (state.queue.some((place) => place >= examples.length)) {
        throw new SaltError(
          'RESUME_MISMATCH',
          'The checkpoint was made with more samples than there are now.',
        );
      }
      order.restore(state.order);
      augmentation.restore(state.augmentation);
      queue = [...state.queue];
    },
  };
}

function listExamples(
  samples: readonly TrainingSample[],
  words: readonly string[],
  role: WordRole,
  prompts: number,
): Example[] {
  const examples = samples.flatMap((sample): Example[] => {
    const present = words.flatMap((word, i) => (sample.masks.has(word) ? [i] : []));
    if (role === 'prompt') return chunked(present, prompts).map((asked) => ({ sample, words: asked }));
    if (present.length < words.length) {
      const missing = words.filter((word) => !sample.masks.has(word));
      throw new SaltError(
        'DATASET_INVALID',
        `Frame ${sample.id} has no mask for ${missing.join(', ')}: this model learns all words at once, so every frame needs all.`,
      );
    }
    return [{ sample, words: present }];
  });
  if (examples.length === 0) {
    throw new SaltError('DATASET_INVALID', `No frame to train on has a mask for ${words.join(', ')}.`);
  }
  return examples;
}

function chunked<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

/** The vectors of an image's prompts; the last one again for prompts that it has not. */
function promptRows(
  asked: readonly number[],
  words: readonly string[],
  embeddings: ReadonlyMap<string, Float32Array>,
  prompts: number,
): Float32Array[] {
  const rows = asked.flatMap((word) => embeddings.get(words[word] ?? '') ?? []);
  const last = rows.at(-1);
  while (last && rows.length < prompts) rows.push(last);
  return rows;
}

/** Rows of equal length, as one tensor. */
function stack(rows: readonly Float32Array[], count: number): FloatTensor {
  const length = rows[0]?.length ?? 0;
  if (rows.length !== count || rows.some((row) => row.length !== length)) {
    throw new SaltError('INVALID_ARGUMENT', 'Every word needs a text embedding, all of one length.');
  }
  const tensor = floatTensor([count, length]);
  rows.forEach((row, i) => {
    tensor.data.set(row, i * length);
  });
  return tensor;
}
