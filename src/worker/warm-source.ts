/** The model or adapter that is ready to segment with: loaded, merged, compiled, embeddings kept. */
import { decodeAdapter } from '../adapters/index.ts';
import type { Executor } from '../graph/executor.ts';
import { createSegmenter } from '../inference/segmenter.ts';
import type { Segmenter } from '../inference/segmenter.ts';
import { encodersOf, textEncoderOf } from '../inference/shipped-parts.ts';
import { adaptedSam, plainSam, unetAsModel, unetOfAdapter } from '../inference/trained-model.ts';
import type { Question, TrainedModel } from '../inference/trained-model.ts';
import type { Source } from '../protocol/backend.ts';
import { webFactor } from './device.ts';
import type { Models } from './models.ts';
import { RecentFrames } from './recent-frames.ts';
import { adapterBytes } from './store/adapters.ts';

export interface WarmSource {
  readonly trained: TrainedModel;
  readonly segmenter: Segmenter;
  readonly recent: RecentFrames;
  /** @throws SaltError `INVALID_ARGUMENT` for a word that it cannot answer to */
  ask(word: string): Promise<Question>;
}

/** Of image embeddings and what the head saw. */
const CACHE_BYTES = 192 * 2 ** 20;

/** One at a time: a second took 60 MB more of WASM's memory, which is never given back, to save loading when sources change. */
export class WarmSourceKeeper {
  readonly #models: Models;
  readonly #threads: number;
  #current: { readonly key: string; readonly warm: WarmSource } | undefined;

  constructor(models: Models, threads: number) {
    this.#models = models;
    this.#threads = threads;
  }

  /** One call at a time. @throws SaltError as `Models.base`, `decodeAdapter` and `adaptedSam` */
  async open(source: Source, executor: Executor): Promise<WarmSource> {
    const key = keyOf(source);
    if (this.#current?.key !== key) {
      // Before the new one is there: WASM never gives back what it once needed for one more.
      await this.forget();
      this.#current = { key, warm: this.#warmUp(await this.#load(source, executor), executor) };
    }
    return this.#current.warm;
  }

  /** Lets go of this source, or of any. */
  async forget(source?: Source): Promise<void> {
    const current = this.#current;
    if (!current || (source && current.key !== keyOf(source))) return;
    this.#current = undefined;
    // A device that was lost takes its programs along.
    await current.warm.segmenter.dispose().catch(() => undefined);
  }

  #warmUp(trained: TrainedModel, executor: Executor): WarmSource {
    const questions = new Map<string, Promise<Question>>();
    const segmenter = createSegmenter({
      executor,
      input: trained.input,
      weights: (size) => trained.weightsAt(size),
      model: (size) => trained.modelAt(size),
      cacheBytes: CACHE_BYTES,
    });
    return {
      trained,
      segmenter,
      recent: new RecentFrames(),
      ask(word) {
        let question = questions.get(word);
        if (!question) {
          question = trained.ask(word);
          questions.set(word, question);
          question.catch(() => questions.delete(word));
        }
        return question;
      },
    };
  }

  async #load(source: Source, executor: Executor): Promise<TrainedModel> {
    const models = this.#models;
    if (source.kind === 'model') {
      const base = await models.base(source.id);
      return plainSam(base, await textEncoderOf(base, models.shipped));
    }
    const file = decodeAdapter(await adapterBytes(source.id));
    const unet = unetOfAdapter(file);
    if (unet) return unetAsModel(unet);
    const base = await models.baseOf(file.info);
    const encoders = encodersOf(await textEncoderOf(base, models.shipped));
    return adaptedSam(file, base, encoders, webFactor(this.#threads), executor);
  }
}

function keyOf({ kind, id }: Source): string {
  return `${kind} ${id}`;
}
