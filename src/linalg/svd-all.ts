import { SaltError } from '../protocol/errors.ts';
import { breathe } from '../protocol/breathe.ts';
import { svd } from './svd.ts';
import type { Svd } from './svd.ts';
import { svdCacheKey } from './svd-cache.ts';
import type { SvdCache } from './svd-cache.ts';
import type { SvdTask } from './svd-message.ts';

/** Factors one matrix at a time, in a thread of its own. */
export interface SvdWorker {
  /** @throws SaltError */
  factor(task: SvdTask): Promise<Svd>;
  /** Ends the thread; a task in progress rejects. */
  terminate(): Promise<void>;
}

/** Where workers come from: threads in Node, Web Workers in a browser. */
export interface SvdPool {
  start(): SvdWorker;
}

export interface SvdProgress {
  /** Matrices finished, of `total`; those found in the cache included. */
  readonly done: number;
  readonly total: number;
  /** Null until the first matrix has been factored. */
  readonly secondsLeft: number | null;
}

export interface SvdAllOptions {
  /** Without one, the matrices are factored in this thread, one after another. */
  readonly pool?: SvdPool;
  /** Workers at a time, at least 1; default 1. */
  readonly concurrency?: number;
  readonly cache?: SvdCache;
  readonly onProgress?: (progress: SvdProgress) => void;
  /** Told when a result could not be kept in the cache: the run goes on without. */
  readonly onWarning?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * The SVD of each matrix, in the order given. The largest are started first, so that no worker is left with a large one
 * at the end. The results do not depend on the number of workers.
 *
 * @throws SaltError CANCELLED when `signal` fires (workers are ended at once), NOT_FINITE with `details.index` for a matrix
 *   with NaN or Inf, INVALID_ARGUMENT
 */
export async function svdAll(tasks: readonly SvdTask[], options: SvdAllOptions = {}): Promise<Svd[]> {
  const { concurrency = 1, signal } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new SaltError('INVALID_ARGUMENT', `SVDs need at least one worker, not ${concurrency}`);
  }
  throwIfCancelled(signal);
  const run = new Run(tasks, options);
  await run.readCache();
  const workers: SvdWorker[] = [];
  const listening = new AbortController();
  const cancelled = new Promise<never>((_, reject) => {
    const cancel = (): void => reject(cancellation());
    signal?.addEventListener('abort', cancel, { signal: listening.signal });
  });
  try {
    throwIfCancelled(signal);
    const pool = options.pool ?? inThisThread;
    for (let i = 0; i < Math.min(concurrency, run.queued); i++) workers.push(pool.start());
    await Promise.race([Promise.all(workers.map((worker) => run.work(worker))), cancelled]);
  } finally {
    listening.abort();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  await run.stored();
  return run.results();
}

class Run {
  readonly #tasks: readonly SvdTask[];
  readonly #options: SvdAllOptions;
  readonly #results = new Map<number, Svd>();
  readonly #keys = new Map<number, string>();
  readonly #writes: Promise<void>[] = [];
  /** Indices of the matrices to factor, the largest last. */
  #queue: number[] = [];
  #startedAt = 0;
  #costDone = 0;
  #costLeft = 0;

  constructor(tasks: readonly SvdTask[], options: SvdAllOptions) {
    this.#tasks = tasks;
    this.#options = options;
  }

  get queued(): number {
    return this.#queue.length;
  }

  async readCache(): Promise<void> {
    const { cache, signal } = this.#options;
    for (const [index, task] of this.#tasks.entries()) {
      throwIfCancelled(signal);
      const key = cache && (await svdCacheKey(task));
      const found = key === undefined ? undefined : await cache?.get(key);
      if (key !== undefined) this.#keys.set(index, key);
      if (found) this.#finish(index, found);
      else this.#queue.push(index);
    }
    const cost = (index: number): number => costOf(this.#tasks[index]!);
    this.#queue.sort((p, q) => cost(p) - cost(q) || q - p);
    this.#costLeft = this.#queue.reduce((sum, index) => sum + cost(index), 0);
    this.#startedAt = performance.now();
  }

  /** Takes matrices from the queue until it is empty. */
  async work(worker: SvdWorker): Promise<void> {
    for (;;) {
      throwIfCancelled(this.#options.signal);
      const index = this.#queue.pop();
      if (index === undefined) return;
      const task = this.#tasks[index]!;
      const result = await worker.factor(task).catch((error: unknown) => {
        throw withIndex(error, index);
      });
      this.#costDone += costOf(task);
      this.#costLeft -= costOf(task);
      this.#keep(index, result);
      this.#finish(index, result);
    }
  }

  async stored(): Promise<void> {
    await Promise.all(this.#writes);
  }

  results(): Svd[] {
    return this.#tasks.map((_, index) => this.#results.get(index)!);
  }

  #keep(index: number, result: Svd): void {
    const key = this.#keys.get(index);
    const { cache, onWarning } = this.#options;
    if (!cache || key === undefined) return;
    const write = cache.put(key, result).catch((error: unknown) => {
      onWarning?.(`An SVD was not cached. ${error instanceof Error ? error.message : String(error)}`);
    });
    this.#writes.push(write);
  }

  #finish(index: number, result: Svd): void {
    this.#results.set(index, result);
    const seconds = (performance.now() - this.#startedAt) / 1000;
    this.#options.onProgress?.({
      done: this.#results.size,
      total: this.#tasks.length,
      secondsLeft: this.#costDone > 0 ? (seconds * this.#costLeft) / this.#costDone : null,
    });
  }
}

/** Lets waiting events through between two matrices; while one is factored, the thread is busy. */
const inThisThread: SvdPool = {
  start: () => ({
    factor: async ({ matrix, rows, cols }) => {
      await breathe();
      return svd(matrix, rows, cols);
    },
    terminate: async () => undefined,
  }),
};

/** Multiplications, roughly: products with the matrix, and the eigenvectors of its short side. */
function costOf({ rows, cols }: SvdTask): number {
  const short = Math.min(rows, cols);
  return short * short * (1.5 * Math.max(rows, cols) + 2 * short);
}

function withIndex(error: unknown, index: number): unknown {
  if (!(error instanceof SaltError)) return error;
  return new SaltError(error.code, error.message, { ...error.details, index }, { cause: error });
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancellation();
}

function cancellation(): SaltError {
  return new SaltError('CANCELLED', 'The factorisation of the weights was cancelled');
}
