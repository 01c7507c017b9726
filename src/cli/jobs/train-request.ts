import type { MethodInput } from '../../adapters/index.ts';
import type { TrainingEvent } from '../../protocol/events.ts';
import type { Job } from '../../runtime/thread.ts';
import type { RunDescription } from '../../training/adapter-of-run.ts';
import type { AugmentationPreset } from '../../training/augmentation.ts';
import type { Keepsake, TrainingResult } from '../../training/job.ts';
import type { Budget } from '../../training/settings.ts';
import type { DataRequest } from '../data.ts';
import type { ModelSource } from '../models/model-source.ts';
import type { CommonEvent, DeviceOptions } from './device.ts';

/** What a person chose; whatever is left out follows from the model. Plain data. */
export interface TrainRequest extends DeviceOptions {
  readonly data: DataRequest;
  readonly model: ModelSource;
  /** Of a U-Net from scratch. */
  readonly unet: { readonly poolings?: number; readonly features?: number };
  readonly method?: MethodInput;
  /** Side of the model's square input in pixels. */
  readonly imageSize?: number;
  readonly batchSize?: number;
  readonly accumulate?: number;
  readonly budget: Budget;
  readonly seed: number;
  readonly learningRate?: number;
  readonly augmentation?: AugmentationPreset;
  readonly heldOutShare?: number;
  readonly patience?: number;
  /** Steps between evaluations. */
  readonly evaluateEvery?: number;
  /** What a step may take, in bytes. */
  readonly maxBytes?: number;
  /** Where checkpoints go. */
  readonly checkpoints: string;
  readonly resume: boolean;
  readonly checkpointSeconds?: number;
}

export type TrainEvent =
  | CommonEvent
  /** Before the first step. */
  | { readonly kind: 'run'; readonly description: RunDescription }
  | { readonly kind: 'best'; readonly keepsake: Keepsake }
  | { readonly kind: 'training'; readonly event: TrainingEvent };

export type TrainJob = Job<TrainRequest, TrainEvent, TrainingResult>;
