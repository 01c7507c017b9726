/** A frame that is segmented now and then while a run goes on, for people to watch. */
import { frameOfPixels } from '../imaging/frame-pixels.ts';
import type { Executor } from '../graph/executor.ts';
import { floatTensor } from '../graph/tensor.ts';
import { createSegmenter } from '../inference/segmenter.ts';
import type { SegmentedFrame } from '../protocol/backend.ts';
import type { FramePixels } from '../protocol/frames.ts';
import type { StepMoment, TrainingSubject } from '../training/job.ts';
import { asBytes } from './answer.ts';

/** Share of the budget between two previews, at the least. */
const EVERY_SHARE = 0.1;
/** Of the run's time, what previews may take, but for the first. */
const MOST_SHARE = 0.05;

export class Preview {
  readonly #frame: FramePixels;
  readonly #words: readonly string[];
  readonly #startedAt = performance.now();
  #shownAt = 0;
  #spent = 0;
  #count = 0;

  constructor(frame: FramePixels, words: readonly string[]) {
    this.#frame = frame;
    this.#words = words;
  }

  isDue({ fraction }: StepMoment): boolean {
    if (fraction >= 1 || fraction - this.#shownAt < EVERY_SHARE) return false;
    const next = this.#count === 0 ? 0 : this.#spent * (1 + 1 / this.#count);
    return next <= MOST_SHARE * (performance.now() - this.#startedAt);
  }

  async show(
    moment: StepMoment,
    subject: TrainingSubject,
    executor: Executor,
  ): Promise<SegmentedFrame['maps']> {
    const before = performance.now();
    const weights = await subject.merge(await moment.trained());
    const segmenter = createSegmenter({
      executor,
      input: subject.input,
      model: (size) => subject.modelAt(size),
      weights: () => weights,
    });
    try {
      const frame = frameOfPixels(this.#frame, 'The preview');
      const maps: SegmentedFrame['maps'][number][] = [];
      for (const word of this.#words) {
        const embedding = subject.embeddings?.get(word);
        const prompt = embedding ? { text_embedding: floatTensor([1, embedding.length], embedding) } : {};
        const [map] = await segmenter.probabilities(frame, { prompt });
        if (map) maps.push({ word, probabilities: asBytes(map) });
      }
      return maps;
    } finally {
      await segmenter.dispose();
      this.#count++;
      this.#shownAt = moment.fraction;
      this.#spent += performance.now() - before;
    }
  }
}
