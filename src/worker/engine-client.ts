/** The page's end of the long-lived worker. */
import type { ImportProgress } from '../protocol/backend.ts';
import { SaltError } from '../protocol/errors.ts';
import { unpackError } from '../runtime/thread.ts';
import type { EngineCalls, FirstMessage, FromEngine, ToEngine, WorkerSettings } from './messages.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: ImportProgress) => void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: CallOptions['onProgress'];
}

/** Starts the worker with the first call, and anew with the first call after it broke. */
export class EngineClient {
  readonly #start: () => Worker;
  readonly #settings: WorkerSettings;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #next = 0;
  #ended = false;

  constructor(start: () => Worker, settings: WorkerSettings) {
    this.#start = start;
    this.#settings = settings;
  }

  /** @throws SaltError the worker's; `CANCELLED` as soon as the signal says so, whatever the worker does */
  call<M extends keyof EngineCalls>(
    method: M,
    args: Parameters<EngineCalls[M]>,
    { signal, onProgress }: CallOptions = {},
  ): Promise<Awaited<ReturnType<EngineCalls[M]>>> {
    const id = this.#next++;
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.#ended) throw new SaltError('CANCELLED', 'The back end was closed.');
      if (signal?.aborted) throw new SaltError('CANCELLED', 'Cancelled.');
      this.#waiting.set(id, { resolve, reject, onProgress });
      this.#post({ kind: 'call', id, method, args });
    });
    const cancel = (): void => {
      this.#settle(id)?.reject(new SaltError('CANCELLED', 'Cancelled.'));
      this.#post({ kind: 'cancel', id });
    };
    signal?.addEventListener('abort', cancel, { once: true });
    const result = answer.finally(() => signal?.removeEventListener('abort', cancel));
    return result as Promise<Awaited<ReturnType<EngineCalls[M]>>>;
  }

  end(): void {
    this.#ended = true;
    this.#break(new SaltError('CANCELLED', 'The back end was closed.'));
  }

  #post(message: ToEngine): void {
    this.#running().postMessage(message);
  }

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const worker = this.#start();
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<FromEngine>) => this.#receive(data));
    worker.addEventListener('error', (event) => this.#break(brokenWorker(event)));
    worker.postMessage({ kind: 'serve', settings: this.#settings } satisfies FirstMessage);
    return worker;
  }

  #receive(message: FromEngine): void {
    if (message.kind === 'progress') this.#waiting.get(message.id)?.onProgress?.(message.progress);
    else if (message.kind === 'result') this.#settle(message.id)?.resolve(message.result);
    else this.#settle(message.id)?.reject(unpackError(message.error));
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #break(error: Error): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(error);
  }
}

/** What a worker's `error` event means: it could not be loaded, or something that nobody caught ended it. */
export function brokenWorker({ message }: ErrorEvent): SaltError {
  // An event without a message is one of loading.
  if (!message) {
    return new SaltError(
      'DEVICE_UNAVAILABLE',
      'The program that computes could not be loaded: reload the page, and see that its server sends worker.js.',
    );
  }
  const isMemory = /memory|allocation/i.test(message);
  return new SaltError(
    isMemory ? 'OUT_OF_MEMORY' : 'DEVICE_LOST',
    isMemory
      ? `The browser ran out of memory (${message}). Close other tabs, or choose a smaller model.`
      : `The program that computes ended unexpectedly (${message}). Try again.`,
  );
}
