import type { DeviceTensor } from '../graph/executor.ts';
import type { TensorSpec } from '../graph/tensor.ts';

/**
 * The trainable parameters of one stage, laid end to end in one vector. Moments and gradients have the same
 * layout, so that a step moves a handful of tensors instead of hundreds, and a checkpoint is a few vectors.
 */
export interface Segment {
  /** The stage's name, for people. */
  readonly stage: string;
  /** Parameters in order, under their global (checkpoint) names. */
  readonly parameters: readonly TensorSpec[];
  /** Sum of their sizes. */
  readonly length: number;
}

export interface LossParts {
  readonly focal: number;
  readonly dice: number;
  /** The adapters' regulariser, before its weight. */
  readonly penalty: number;
  /** focal + dice + weight x penalty: what is minimised. */
  readonly total: number;
}

export interface StepGradients {
  readonly loss: LossParts;
  /** One vector for each segment, on the device; the caller disposes them. */
  readonly gradients: readonly DeviceTensor[];
  /** Sum of squares of each of them. */
  readonly squaredNorms: readonly number[];
}

/** How forward and backward are carried out: at once, or stage by stage with recomputation. */
export interface StepPlan {
  readonly kind: 'whole' | 'staged';
  readonly segments: readonly Segment[];
  /**
   * @param parameters one vector for each segment
   * @param batch the model's batch tensors, and `target` [B, outputs, S, S] and `valid` [B, 1, S, S]
   * @param shouldStop looked at between stages; when it turns true the step ends with SaltError `CANCELLED`
   */
  gradients(
    parameters: readonly DeviceTensor[],
    batch: Readonly<Record<string, DeviceTensor>>,
    shouldStop?: () => boolean,
  ): Promise<StepGradients>;
  dispose(): Promise<void>;
}
