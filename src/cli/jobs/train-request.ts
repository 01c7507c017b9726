import type { TrainingEvent } from '../../protocol/events.ts';
import type { Job } from '../../runtime/thread.ts';
import type { RunDescription } from '../../training/adapter-of-run.ts';
import type { Keepsake, TrainingResult } from '../../training/job.ts';
import type { RunChoices } from '../../training/run-choices.ts';
import type { DataRequest } from '../data.ts';
import type { ModelSource } from '../models/model-source.ts';
import type { CommonEvent, DeviceOptions } from './device.ts';

/** Plain data. */
export interface TrainRequest extends DeviceOptions {
  readonly choices: RunChoices;
  readonly data: Omit<DataRequest, 'words'>;
  readonly model: ModelSource;
  /** A CLIP to embed the words with, in place of the model's own encoder: a folder, or a name in that of models. */
  readonly textEncoder?: string;
  /** Whether a U-Net starts from what the detail head of the model that ships has learnt to see. */
  readonly pretrained: boolean;
  /** Whether a SAM is given a detail head, where it has none. */
  readonly detail: boolean;
  /** What a step may take, in bytes. */
  readonly maxBytes?: number;
  /** The folder where checkpoints go. */
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
