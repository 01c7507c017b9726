/**
 * What the viewer asks of whoever trains and segments: a worker in the browser, or a server. The panel knows nothing
 * else of either.
 */
import type { AnswerWarning } from './answer-warning.ts';
import type { HeldOutScore, TrainingEvent } from './events.ts';
import type { RunNote } from './run-note.ts';
import type { Annotation, FramePixels, FrameSize, MaskPixels } from './frames.ts';

/** Where the numbers are computed, and why there. */
export interface DeviceInfo {
  readonly device: 'webgpu' | 'wasm' | 'cpu' | 'cuda';
  readonly threads: number;
  /** For each device that was passed over: the cause, and how to mend it. */
  readonly passedOver: readonly {
    readonly device: string;
    readonly reason: string;
    readonly why?: WhyPassedOver;
  }[];
}

/** Causes that people meet in a browser, for whoever tells them in their language. */
export type WhyPassedOver =
  /** There is no WebGPU, or no graphics card for it. */
  | 'missing'
  /** A processor pretends to be a graphics card. */
  | 'software'
  /** The page is not isolated, so that there is but one thread. */
  | 'one thread';

export interface ModelSummary {
  /** Name under which requests ask for it, e.g. `salt-tiny`. */
  readonly id: string;
  readonly title: string;
  readonly bytes: number;
  /** `shipped`: comes with the program; `stored`: the user gave it. */
  readonly origin: 'shipped' | 'stored';
  /** Whether it answers to words before anything is trained. */
  readonly knowsWords: boolean;
}

export interface AdapterSummary {
  readonly id: string;
  readonly name: string;
  /** `ModelSummary.id` where that is known; else the base model's own name. */
  readonly model: string;
  readonly method: string;
  readonly words: readonly string[];
  readonly trainingFrames: number;
  readonly heldOutFrames: number;
  /** Null when no frame was held out. */
  readonly score: HeldOutScore | null;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly bytes: number;
}

/** What segments: an adapter on its base model, or a model as it is. */
export type Source =
  { readonly kind: 'adapter'; readonly id: string } | { readonly kind: 'model'; readonly id: string };

export interface SegmentRequest {
  readonly source: Source;
  readonly words: readonly string[];
  readonly frame: FramePixels;
  /**
   * The frames just before and after it in its run. By a model that sees runs less what stands still, what is found there
   * steadies what is found in the frame.
   */
  readonly beside?: readonly FramePixels[];
}

export interface SegmentedFrame {
  readonly maps: readonly {
    readonly word: string;
    /** Of the frame's size, row-major: 0 (certainly not) to 255 (certainly). */
    readonly probabilities: Uint8Array;
    readonly warning?: AnswerWarning;
  }[];
  /**
   * How unsure the model is, 0 to 1: mean binary entropy (in bits) over the pixels that it thinks likely to belong to
   * a structure (probability of at least 5 %).
   */
  readonly uncertainty: number;
  readonly milliseconds: number;
}

export type TrainMethod = 'salt' | 'ssam' | 'lora' | 'head';

/** What a person chose about a run; what is left out follows from the model. */
export interface TrainChoices {
  /** Name that the adapter will have. */
  readonly name: string;
  readonly model: string;
  readonly words: readonly string[];
  readonly method: TrainMethod;
  readonly budget:
    | {
        readonly kind: 'minutes';
        readonly minutes: number;
        /** On a slow machine the run takes so many steps all the same, in no more than `LONGEST` times its minutes. */
        readonly leastSteps?: number;
      }
    | { readonly kind: 'steps'; readonly steps: number }
    | { readonly kind: 'epochs'; readonly epochs: number };
  readonly seed: number;
  /** Of SALT: singular values that are scaled and shifted; of LoRA: its rank. */
  readonly rank?: number;
  /** Of SALT: inner size of the low-rank update. */
  readonly loraRank?: number;
  /** Kinds of layers that are adapted, as `adapters/layer-kinds.ts` names them. */
  readonly layers?: readonly string[];
  readonly learningRate?: number;
}

export interface TrainRequest {
  readonly choices: TrainChoices;
  readonly annotations: readonly Annotation[];
  /** A frame that is segmented again and again while training goes on, for people to watch. */
  readonly preview?: FramePixels;
  /** An adapter to go on from, of the same model, method and ranks. */
  readonly from?: string;
}

export type TrainRunEvent =
  /** Before the first step. `fraction` 0 to 1 where it is known. */
  | { readonly kind: 'preparing'; readonly what: PreparingWhat; readonly fraction: number | null }
  | { readonly kind: 'training'; readonly event: TrainingEvent }
  | {
      readonly kind: 'preview';
      readonly step: number;
      readonly maps: SegmentedFrame['maps'];
    }
  /** For people. */
  | { readonly kind: 'note'; readonly note: RunNote };

export type PreparingWhat = 'model' | 'device' | 'svd' | 'compiling';

export type TrainOutcome =
  | { readonly kind: 'finished'; readonly adapter: AdapterSummary }
  /** `unfinished()` lists it. */
  | { readonly kind: 'paused'; readonly step: number }
  | { readonly kind: 'discarded' };

export interface TrainRun {
  readonly id: string;
  /** Rejects with a SaltError. After any failure but a refusal to start, `unfinished()` lists the run. */
  readonly outcome: Promise<TrainOutcome>;
  /** Ends with what is best so far, as an adapter. */
  finish(): void;
  /** Saves where the run stands and ends it. */
  pause(): void;
  /** Ends it and keeps nothing. */
  discard(): void;
}

/** A run that was paused, or whose tab or device was lost. */
export interface UnfinishedRun {
  readonly id: string;
  readonly choices: TrainChoices;
  readonly frames: number;
  /** Step of the last checkpoint; 0 when there is none yet. */
  readonly step: number;
  /** ISO 8601. */
  readonly startedAt: string;
}

export interface EvaluateRequest {
  readonly source: Source;
  readonly words: readonly string[];
  readonly annotations: readonly Annotation[];
}

export interface FrameScore extends HeldOutScore {
  /** Of the annotation. */
  readonly id: string;
  readonly word: string;
}

export interface ImportProgress {
  readonly kind: 'fetching' | 'preparing';
  /** Of `total`, in bytes or numbers. */
  readonly done: number;
  readonly total: number;
}

/**
 * All methods reject with a SaltError whose message says what to do next. Calls may overlap; a frame is segmented
 * between two training steps or beside them.
 */
export interface Backend {
  device(): Promise<DeviceInfo>;
  /** Loads what the next `segment` with this source needs, so that it is quick. @param frame of the next one, where known */
  warmUp(source: Source, words: readonly string[], frame: FrameSize | undefined): Promise<void>;
  /**
   * Computes what of a `segment` does not depend on the words, the image embedding, and keeps it for a while.
   * @throws SaltError as `segment`
   */
  lookAhead(request: SegmentRequest, signal?: AbortSignal): Promise<void>;
  /**
   * Works out what stands still in an angiographic run, and keeps it until other runs are opened.
   * @param run a name for it
   * @param frames grey ones of it, of one size, in their order; `lookedAt` says which are enough
   * @returns false where nothing fills or moves in it, so that nothing may be taken off
   */
  openRun(run: string, frames: readonly FramePixels[]): Promise<boolean>;
  /** @returns `FramePixels.background` of a frame of an open run; undefined where the run is not open, or not any more */
  stillBackground(run: string, frame: FramePixels): Promise<Uint8Array | undefined>;
  /** @throws SaltError `MODEL_UNKNOWN`, `ADAPTER_INVALID`, `NOT_FINITE`, `CANCELLED`, `DEVICE_LOST`, `OUT_OF_MEMORY` */
  segment(request: SegmentRequest, signal?: AbortSignal): Promise<SegmentedFrame>;
  /** Dice and HD95 of each word on each annotation that has a mask for it. */
  evaluate(request: EvaluateRequest, signal?: AbortSignal): Promise<readonly FrameScore[]>;

  train(request: TrainRequest, onEvent: (event: TrainRunEvent) => void): TrainRun;
  unfinished(): Promise<readonly UnfinishedRun[]>;
  /** Goes on from the last checkpoint, or from the start where there is none. */
  resume(id: string, onEvent: (event: TrainRunEvent) => void): TrainRun;
  discardUnfinished(id: string): Promise<void>;
  /** Seconds that a training step took when one was last measured here; undefined before the first. */
  secondsPerStep(model: string, method: TrainMethod): Promise<number | undefined>;

  models(): Promise<readonly ModelSummary[]>;
  /** A checkpoint (.pth, .safetensors) or the files of a prepared model. */
  importModel(files: readonly File[], onProgress: (progress: ImportProgress) => void): Promise<ModelSummary>;
  removeModel(id: string): Promise<void>;

  adapters(): Promise<readonly AdapterSummary[]>;
  renameAdapter(id: string, name: string): Promise<void>;
  removeAdapter(id: string): Promise<void>;
  /** The `.safetensors` file. */
  exportAdapter(id: string): Promise<Blob>;
  /** @throws SaltError `ADAPTER_INVALID`, `CHECKPOINT_INVALID` */
  importAdapter(file: Blob, name: string): Promise<AdapterSummary>;

  /** Bytes that adapters, models and unfinished runs take here. */
  storedBytes(): Promise<number>;
  /** Adapters, stored models, unfinished runs, caches: all of it. */
  eraseAll(): Promise<void>;
  dispose(): Promise<void>;
}

export type { Annotation, FramePixels, FrameSize, MaskPixels };
