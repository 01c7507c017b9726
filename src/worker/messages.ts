/**
 * What the page and its Web Workers say to each other, by structured clone. Both ends come out of one build, so that
 * messages are trusted to be what their types say; what comes out of the browser's stores is not.
 */
import type {
  Backend,
  ImportProgress,
  TrainOutcome,
  TrainRequest,
  TrainRunEvent,
} from '../protocol/backend.ts';
import type { SentError } from '../runtime/thread.ts';

/** A model that is there for everyone, by its address. */
export interface ServedModel {
  /** As requests and adapters name it, e.g. `salt-tiny`. */
  readonly id: string;
  readonly title: string;
  /** Of its `.safetensors` file, or of the `model.json` of a prepared model. */
  readonly url: string;
}

export type WebDeviceName = 'webgpu' | 'wasm';

/** What every worker must know. Plain data. */
export interface WorkerSettings {
  /** Where ONNX Runtime's files are: a URL that ends with a slash. */
  readonly assets: string;
  /** The first lends its text encoder and its detail head to models that have none. */
  readonly models: readonly ServedModel[];
  readonly device: 'auto' | WebDeviceName;
  /** Of the processor, for one worker. */
  readonly threads: number;
}

/** What a call is given beside its arguments. */
export interface CallContext {
  readonly signal: AbortSignal;
  /** Tells the caller how far it is. */
  readonly progress: (progress: ImportProgress) => void;
}

/**
 * What the long-lived worker can be asked: what a back end can do, but for training, which has a worker of its own, and
 * without the arguments that cannot be sent; see `CallContext` for what stands in their place.
 */
export type EngineCalls = {
  readonly [Method in Exclude<keyof Backend, 'train' | 'resume' | 'dispose'>]: (
    ...args: Sendable<Parameters<Backend[Method]>>
  ) => ReturnType<Backend[Method]>;
};

/** Arguments up to the first that may be left out or is a function. */
type Sendable<Args> = Args extends readonly [infer First, ...infer Rest]
  ? [First] extends [(...args: never) => unknown]
    ? []
    : [First, ...Sendable<Rest>]
  : [];

/** The same, as the worker answers them: each is also told what it was called with. */
export type EngineService = {
  readonly [Method in keyof EngineCalls]: (
    context: CallContext,
    ...args: Parameters<EngineCalls[Method]>
  ) => ReturnType<EngineCalls[Method]>;
};

/** To a worker that has just been made: what it is to be. */
export type FirstMessage =
  | { readonly kind: 'serve'; readonly settings: WorkerSettings }
  | { readonly kind: 'train'; readonly settings: WorkerSettings; readonly run: RunStart };

export type ToEngine =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly method: keyof EngineCalls;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'cancel'; readonly id: number };

export type FromEngine =
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: SentError }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: ImportProgress };

export interface RunStart {
  readonly id: string;
  /** Absent for a run that goes on: what it is lies in the store. */
  readonly request?: TrainRequest;
}

export type Wish = 'finish' | 'pause';

export type ToTrainer =
  | { readonly kind: 'wish'; readonly wish: Wish }
  /** Somebody scrolls or paints; `at` by `Date.now`, since the message may wait for the end of a step. */
  | { readonly kind: 'input'; readonly at: number };

export type FromTrainer =
  | { readonly kind: 'event'; readonly event: TrainRunEvent }
  | { readonly kind: 'outcome'; readonly outcome: TrainOutcome }
  | { readonly kind: 'error'; readonly error: SentError };
