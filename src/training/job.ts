import type { StageAdapter } from '../adapters/index.ts';
import type { Executor } from '../graph/executor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import type { InputSize, ModelInput, WordRole } from '../inference/model-input.ts';
import type { Weights } from '../inference/stage-programs.ts';
import type { SegmentationModel } from '../model/segmentation-model.ts';
import type { SaltError } from '../protocol/errors.ts';
import type { HeldOutScore, TrainingEvent } from '../protocol/events.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import type { TrainingSettings } from './settings.ts';
import type { StepPlan } from './step-plan.ts';
import type { TrainingSample } from './training-sample.ts';

/** What a training step works on: a model, an adapter and the values that they start from. */
export interface StepSubject {
  /** At the batch size and side of the training examples. */
  readonly model: SegmentationModel;
  readonly adapter: StageAdapter;
  /** Frozen tensors and the starting values of the trained ones, by global name. */
  readonly values: ReadonlyMap<string, FloatTensor>;
}

/** What is trained, evaluated and resumed. */
export interface TrainingSubject extends StepSubject {
  /** Says what it is, e.g. base model's hash, method and ranks; a run is only resumed with an equal one. */
  readonly identity: Readonly<Record<string, string>>;
  readonly input: ModelInput;
  /** Longest side to which frames are scaled for training, in pixels, where examples are tiles of them. Default: the examples' side. */
  readonly frameSize?: number;
  readonly wordRole: WordRole;
  /** Words that each image of a batch is asked at once, where words are prompts. Default: 1. */
  readonly promptsPerImage?: number;
  /** The vector for each word, where the model reads `text_embedding`. */
  readonly embeddings?: ReadonlyMap<string, Float32Array>;
  /** The model for one whole frame, to evaluate with. */
  modelAt(size: InputSize): SegmentationModel;
  /** The model's weights with the trained values merged into them, to evaluate with. */
  merge(trained: ReadonlyMap<string, FloatTensor>): Promise<Weights>;
}

export interface TrainingJob {
  readonly subject: TrainingSubject;
  readonly settings: TrainingSettings;
  readonly samples: readonly TrainingSample[];
}

/** Parameters worth keeping. */
export interface Keepsake {
  /** By global name. Copies: later steps do not change them. */
  readonly trained: ReadonlyMap<string, FloatTensor>;
  readonly step: number;
  /** Null where nothing is held out. */
  readonly score: HeldOutScore | null;
}

/** A run just after one of its steps. */
export interface StepMoment {
  readonly step: number;
  /** Share of the budget that is used up. */
  readonly fraction: number;
  /** That this step took. */
  readonly seconds: number;
  /** The trained values as they are now, by global name. Copies. */
  trained(): Promise<ReadonlyMap<string, FloatTensor>>;
}

/** Where a job runs and whom it tells. */
export interface TrainingHost {
  readonly executor: Executor;
  /** What a step may take. Default: no limit. */
  readonly maxBytes?: number;
  /** Overrules the choice between one graph and stage by stage. */
  readonly plan?: StepPlan['kind'];
  /** Without one, nothing is saved. */
  readonly store?: CheckpointStore;
  /** Go on from the store's checkpoint, if there is one. Default: start anew, and overwrite it. */
  readonly resume?: boolean;
  /** Seconds between checkpoints, more where saving takes long. Default: 30. */
  readonly checkpointSeconds?: number;
  /** Decoded frames and masks are kept in memory up to this size. Default: 512 MB. */
  readonly sampleCacheBytes?: number;
  onEvent?(event: TrainingEvent): void;
  /** Told when there is no room for a checkpoint on the way, after which the run goes on. Without it, the run ends. */
  onUnsaved?(error: SaltError): void;
  /**
   * Called with each new best, or with the latest where nothing is held out, and first with that of the checkpoint that the
   * run goes on from: whoever has to end the run by force then has a result.
   */
  onBest?(best: Keepsake): void;
  /** Looked at between runs of the device; when it turns true the run ends with what is best so far. */
  shouldStop?(): boolean;
  /**
   * Looked at between steps. `finish`: the run ends as if its budget were spent, after one step at the least. `pause`: its
   * state is saved, unless that of this step is already, and the run ends; resumed, it goes on to the bit.
   */
  wish?(): 'finish' | 'pause' | undefined;
  /**
   * Awaited between steps, for whoever needs the processor meanwhile. A budget in time does not run while it is.
   * @param stepSeconds that the last step took
   */
  giveWay?(stepSeconds: number): Promise<void>;
  /** Called and awaited after every step, for what should see the run on its way. It must change nothing. */
  onStep?(moment: StepMoment): Promise<void>;
  /** Milliseconds from any start. Default: `performance.now`. */
  now?(): number;
}

export interface EvaluationRecord {
  readonly step: number;
  readonly score: HeldOutScore;
}

export interface TrainingResult extends Keepsake {
  /** `cancelled` for a run that was paused or finished early, too. */
  readonly reason: 'budget' | 'patience' | 'cancelled';
  /** Steps done in all; `step` is that of the result. */
  readonly steps: number;
  readonly history: readonly EvaluationRecord[];
  /** Of training, over all resumptions. */
  readonly seconds: number;
  /** Ids of the samples on each side. */
  readonly trainingSamples: readonly string[];
  readonly heldOutSamples: readonly string[];
}
