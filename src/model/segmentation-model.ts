import type { Value } from '../graph/graph.ts';
import type { Shape, TensorSpec } from '../graph/tensor.ts';
import type { Scope } from './scope.ts';

/**
 * One link of the chain that a model is. Stages whose graphs turn out equal (the windowed blocks of an image
 * encoder, say) share one compiled program when memory is short; only one activation passes between stages, so
 * that nothing else need be kept for the backward pass.
 */
export interface Stage {
  /** For people: `embed`, `blocks.3`, `decoder`. */
  readonly name: string;
  /**
   * Prepended to the names of the stage's tensors to give those of the checkpoint, e.g.
   * `image_encoder.blocks.3.`. The stage itself names tensors without it, so that equal stages build equal graphs.
   */
  readonly prefix: string;
  /** Which tensors of the batch it reads, by name. */
  readonly batchInputs: readonly TensorSpec[];
  /** Shape of the activation that it takes from the stage before; undefined for the first. */
  readonly activation: Shape | undefined;
  /**
   * @param activation what the stage before returned
   * @param batch the tensors named in `batchInputs`
   */
  build(scope: Scope, activation: Value | undefined, batch: Readonly<Record<string, Value>>): Value;
}

/** A segmentation network at a fixed batch size and image size. */
export interface SegmentationModel {
  /** From `image` [B, 3, S, S] (normalised) to the image embedding. Depends on the picture alone. */
  readonly imageStages: readonly Stage[];
  /** From the image embedding and the prompt to logits [B, outputs, h, w]; h and w may be smaller than S. */
  readonly promptStage: Stage;
  readonly batchSize: number;
  /** S: side of the square input in pixels. */
  readonly imageSize: number;
  /** [B, outputs, h, w] */
  readonly logitsShape: readonly [number, number, number, number];
}

export function allStages(model: SegmentationModel): Stage[] {
  return [...model.imageStages, model.promptStage];
}
