import { add, reshape } from '../../graph/ops/index.ts';
import type { Value } from '../../graph/graph.ts';
import { SaltError } from '../../protocol/errors.ts';
import { repeatRows } from '../repeat-rows.ts';
import type { SamConfig } from '../sam-config.ts';
import type { Scope } from '../scope.ts';
import type { SegmentationModel, Stage } from '../segmentation-model.ts';
import { imageEncoderStages } from './image-encoder.ts';
import { decodeMasks, maskCount } from './mask-decoder.ts';
import type { DecodedMasks, SamOutputs } from './mask-decoder.ts';
import { densePrompt, promptInputs, sparsePrompts } from './prompt-encoder.ts';
import type { SamPrompts } from './prompt-encoder.ts';
import { DENSE_POSITIONS } from './weights.ts';

export interface SamModelOptions {
  readonly batchSize: number;
  /** Side of the square input in pixels; a multiple of the patch size. */
  readonly imageSize: number;
  readonly prompts: SamPrompts;
  /** Prompts for each image, one after the other in the batch of the prompt stage. Default: 1. */
  readonly promptsPerImage?: number;
  /** Default: `single`. With `all`, the graph has a further output `iou_predictions` [B, masks]. */
  readonly outputs?: SamOutputs;
}

/**
 * SAM at any input size. Its tensors are those of `prepareSamWeights` for the same size.
 * @throws SaltError `INVALID_ARGUMENT` if the patch size does not divide the image size
 */
export function samModel(config: SamConfig, options: SamModelOptions): SegmentationModel {
  const { batchSize, imageSize, promptsPerImage = 1, outputs = 'single' } = options;
  const side = imageSize / config.patchSize;
  if (!Number.isInteger(side) || side < 1) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `SAM's input must be a multiple of ${config.patchSize} pixels wide; ${imageSize} is not.`,
    );
  }
  const answers = batchSize * promptsPerImage;
  return {
    imageStages: imageEncoderStages(config, batchSize, imageSize),
    promptStage: promptStage(config, { ...options, promptsPerImage, outputs }, side),
    batchSize: answers,
    imageSize,
    logitsShape: [answers, maskCount(config, outputs), 4 * side, 4 * side],
  };
}

function promptStage(
  config: SamConfig,
  { batchSize, prompts, promptsPerImage, outputs }: Required<SamModelOptions>,
  side: number,
): Stage {
  return {
    name: 'decoder',
    prefix: '',
    batchInputs: promptInputs(config, prompts, batchSize * promptsPerImage, side),
    activation: [batchSize, side, side, config.outChans],
    build(scope, activation, batch) {
      if (!activation) throw new RangeError('The decoder takes the image embedding.');
      const embedding = repeatRows(activation, promptsPerImage);
      const { logits, iou } = answerPrompt(scope, config, { prompts, outputs }, embedding, batch);
      if (iou) scope.graph.output('iou_predictions', iou);
      return logits;
    },
  };
}

export interface Answer extends DecodedMasks {
  /** The prompt's word as it was asked, [B, C]; undefined where the model takes none. */
  readonly word: Value | undefined;
}

/** @param embedding of the image, [B, side, side, C] */
export function answerPrompt(
  scope: Scope,
  config: SamConfig,
  { prompts, outputs }: { readonly prompts: SamPrompts; readonly outputs: SamOutputs },
  embedding: Value,
  batch: Readonly<Record<string, Value>>,
): Answer {
  const [batchSize = 0, side = 0, , channels = 0] = embedding.shape;
  const sparse = sparsePrompts(scope, config, batch, prompts);
  const tokens = reshape(embedding, [batchSize, side * side, channels]);
  const image = add(tokens, densePrompt(scope.within('prompt_encoder'), config, batch, prompts));
  const positions = scope.tensor(DENSE_POSITIONS, [side * side, channels]);
  const decoded = decodeMasks(scope.within('mask_decoder'), config, outputs, image, positions, sparse);
  const word = prompts.text ? sparse[0] : undefined;
  return { ...decoded, word: word && reshape(word, [batchSize, channels]) };
}
