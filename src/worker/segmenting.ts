/** Everything that the long-lived worker computes on its device, one thing after another. */
import type { Executor } from '../graph/executor.ts';
import type { Frame } from '../imaging/frame.ts';
import { maskOfRegion } from '../imaging/mask.ts';
import { maskOf } from '../inference/mask.ts';
import type { ProbabilityMap } from '../inference/mask.ts';
import { steadied } from '../inference/steadied.ts';
import type { Found } from '../inference/steadied.ts';
import type { Question } from '../inference/trained-model.ts';
import { compareMasks } from '../metrics/compare-masks.ts';
import type {
  DeviceInfo,
  EvaluateRequest,
  FramePixels,
  FrameSize,
  FrameScore,
  SegmentRequest,
  SegmentedFrame,
  Source,
} from '../protocol/backend.ts';
import { breathe } from '../protocol/breathe.ts';
import type { AnswerWarning } from '../protocol/answer-warning.ts';
import { SaltError } from '../protocol/errors.ts';
import type { Opened } from '../runtime/open.ts';
import { asBytes, uncertaintyOf } from './answer.ts';
import { besideAsTaught, frameSeenBy } from './as-taught.ts';
import { infoOf, openDevice } from './device.ts';
import type { WorkerSettings } from './messages.ts';
import type { Models } from './models.ts';
import { WarmSourceKeeper } from './warm-source.ts';
import type { WarmSource } from './warm-source.ts';

/** As held-out evaluation has it. */
const THRESHOLD = 0.5;

export class Segmenting {
  readonly #settings: WorkerSettings;
  readonly #warm: WarmSourceKeeper;
  #opened: Promise<Opened> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(settings: WorkerSettings, models: Models) {
    this.#settings = settings;
    this.#warm = new WarmSourceKeeper(models, settings.threads);
  }

  async device(): Promise<DeviceInfo> {
    return infoOf(await this.#device(), this.#settings.threads);
  }

  warmUp(
    source: Source,
    words: readonly string[],
    frame: FrameSize | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#inTurn(signal, async (executor) => {
      const warm = await this.#warm.open(source, executor);
      for (const word of words) await warm.ask(word);
      const { input } = warm.trained;
      const usual = input.framing === 'square' ? { width: input.side, height: input.side } : undefined;
      const size = frame ?? usual;
      if (size) await warm.segmenter.prepare(size);
    });
  }

  lookAhead({ source, words, frame }: SegmentRequest, signal: AbortSignal): Promise<void> {
    return this.#inTurn(signal, async (executor) => {
      const warm = await this.#warm.open(source, executor);
      for (const word of words) await warm.ask(word);
      const shouldStop = (): boolean => signal.aborted;
      await warm.segmenter.embed(frameSeenBy(warm.trained, frame), { flips: warm.trained.flips, shouldStop });
    });
  }

  segment(request: SegmentRequest, signal: AbortSignal): Promise<SegmentedFrame> {
    return this.#inTurn(signal, async (executor) => {
      const start = performance.now();
      const { source, words } = request;
      const warm = await this.#warm.open(source, executor);
      const own = await this.#lookFor(words, request.frame, warm, signal);
      const beside: Found[] = [];
      for (const other of besideAsTaught(warm.trained, request)) {
        beside.push(await this.#lookFor(words, other, warm, signal));
      }
      const found = steadied(own, beside);
      const maps = found.map((map, i) => ({
        word: words[i]!,
        probabilities: asBytes(map),
        ...(own.warnings[i] !== undefined && { warning: own.warnings[i] }),
      }));
      return { maps, uncertainty: uncertaintyOf(found), milliseconds: performance.now() - start };
    });
  }

  async evaluate(
    { source, words, annotations }: EvaluateRequest,
    signal: AbortSignal,
  ): Promise<readonly FrameScore[]> {
    const scores: FrameScore[] = [];
    for (const { id, frame, masks, region } of annotations) {
      const fieldOfView = maskOfRegion(frame, region);
      for (const { word, mask: truth } of masks) {
        if (!words.includes(word)) continue;
        // Each in a turn of its own, so that a frame that someone looks at need not wait for all.
        const predicted = await this.#inTurn(signal, async (executor) => {
          const warm = await this.#warm.open(source, executor);
          const { maps } = await this.#lookFor([word], frame, warm, signal);
          return maskOf(maps[0]!, { threshold: THRESHOLD });
        });
        const { dice, hd95 } = compareMasks(predicted, truth, fieldOfView && { fieldOfView });
        scores.push({ id, word, dice, hd95 });
      }
    }
    return scores;
  }

  /** A source that is no longer there, or is another now. */
  forget(source?: Source): Promise<void> {
    return this.#queue(() => this.#warm.forget(source));
  }

  async #lookFor(
    words: readonly string[],
    pixels: FramePixels,
    warm: WarmSource,
    signal: AbortSignal,
  ): Promise<Found & { readonly warnings: readonly (AnswerWarning | undefined)[] }> {
    const frame = frameSeenBy(warm.trained, pixels);
    const known = warm.recent.of(frame);
    const maps: ProbabilityMap[] = [];
    const warnings: (AnswerWarning | undefined)[] = [];
    for (const word of words) {
      const { prompt, output, warning } = await warm.ask(word);
      const map = known.get(word) ?? (await this.#mapOf(word, frame, { prompt, output }, warm, signal));
      known.set(word, map);
      maps.push(map);
      warnings.push(warning);
    }
    return { frame, maps, warnings };
  }

  async #mapOf(
    word: string,
    frame: Frame,
    { prompt, output }: Pick<Question, 'prompt' | 'output'>,
    { segmenter, trained }: WarmSource,
    signal: AbortSignal,
  ): Promise<ProbabilityMap> {
    const shouldStop = (): boolean => signal.aborted;
    const maps = await segmenter.probabilities(frame, { prompt, flips: trained.flips, shouldStop });
    const map = maps[output];
    if (!map) throw new SaltError('GRAPH_INVALID', `The model has no answer for "${word}".`);
    await breathe();
    throwIfAborted(signal);
    return map;
  }

  /** A device that is lost is opened anew, or another in its place, and the task is tried once more. */
  #inTurn<T>(signal: AbortSignal, task: (executor: Executor) => Promise<T>): Promise<T> {
    return this.#queue(async () => {
      throwIfAborted(signal);
      const { executor } = await this.#device();
      try {
        return await task(executor);
      } catch (error) {
        if (!(error instanceof SaltError) || error.code !== 'DEVICE_LOST') throw error;
        await this.#letGo();
        return await task((await this.#device()).executor);
      }
    });
  }

  async #queue<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      await breathe();
      return task();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #device(): Promise<Opened> {
    if (!this.#opened) {
      const opening = openDevice(this.#settings);
      this.#opened = opening;
      opening.catch(() => {
        if (this.#opened === opening) this.#opened = undefined;
      });
    }
    return this.#opened;
  }

  async #letGo(): Promise<void> {
    await this.#warm.forget();
    const opened = await this.#opened;
    this.#opened = undefined;
    await opened?.executor.dispose().catch(() => undefined);
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new SaltError('CANCELLED', 'Cancelled.');
}
