import { ops } from '../graph/index.ts';
import type { Value } from '../graph/graph.ts';

export interface LossOptions {
  /** Weight of the structure's pixels in the focal term; the background has 1 - alpha. */
  readonly focalAlpha: number;
  readonly focalGamma: number;
  /**
   * Inverse-frequency weighting of the focal term, sample by sample: the weight of a structure's pixels is multiplied by
   * 1 + share / (area + floor), where `area` is the share of the image that the structure covers. Without it, a structure of
   * a hundredth of the image pulls a hundredth as hard as its background pushes. Default: none.
   */
  readonly inverseFrequency?: { readonly share: number; readonly floor: number } | undefined;
  /** Added to numerator and denominator of the Dice term. */
  readonly diceSmooth: number;
  readonly focalWeight: number;
  readonly diceWeight: number;
  /**
   * Whether the Dice term is taken of all samples of a batch together, or of each by itself, as a mean over those of which
   * anything counts. Default: `batch`.
   */
  readonly diceOver?: 'batch' | 'sample' | undefined;
  /** Weight of the adapters' regulariser. */
  readonly penaltyWeight: number;
}

/** As the method's authors trained (section "Training" of the SALT paper and its reference code). */
export const SALT_LOSS: LossOptions = {
  focalAlpha: 0.75,
  focalGamma: 3,
  diceSmooth: 1,
  focalWeight: 1,
  diceWeight: 1,
  penaltyWeight: 0.01,
};

/**
 * For thin structures learnt from a few frames: four times the plain focal term (alpha 0.5 weighs both classes by half,
 * hence 8), and Dice.
 */
export const VESSEL_LOSS: LossOptions = {
  focalAlpha: 0.5,
  focalGamma: 2,
  diceSmooth: 1,
  focalWeight: 8,
  diceWeight: 1,
  penaltyWeight: 0,
};

export interface LossValues {
  readonly focal: Value;
  readonly dice: Value;
  readonly penalty: Value;
  readonly total: Value;
}

/**
 * Focal + Dice + regulariser.
 *
 * The focal term is the mean over the pixels that count (0 where none does); with u = logit for background and -logit for the
 * structure, 1 - p_t = sigmoid(u) and cross entropy = softplus(u), which stay exact for large logits. The Dice term
 * sums over the batch (as published) or over each sample, for each output by itself.
 *
 * @param logits [B, C, h, w]; brought to the size of the target bilinearly
 * @param target [B, C, S, S], each 0 or 1
 * @param valid [B, 1, S, S]: 1 where a pixel counts, 0 for padding and outside the field of view
 * @param penalties scalars that adapted layers added
 */
export function segmentationLoss(
  logits: Value,
  target: Value,
  valid: Value,
  penalties: readonly Value[],
  options: LossOptions,
): LossValues {
  const { graph } = logits;
  const [, , height = 0, width = 0] = target.shape;
  const sized = ops.resizeBilinear(logits, height, width);

  const truth = ops.mul(target, valid);
  const surprise = ops.mul(sized, ops.add(ops.mul(target, -2), 1));
  const alpha = ops.add(ops.mul(target, 2 * options.focalAlpha - 1), 1 - options.focalAlpha);
  const { inverseFrequency } = options;
  const weighed = inverseFrequency ? ops.mul(alpha, rarity(target, truth, inverseFrequency)) : alpha;
  const weight = ops.mul(ops.mul(weighed, valid), ops.pow(ops.sigmoid(surprise), options.focalGamma));
  // Where nothing counts, nothing is learnt: 0 / 0 would end the run.
  const counted = ops.clip(ops.mul(ops.sum(valid), target.shape[1] ?? 1), 1, 2 ** 127);
  const focal = ops.div(ops.sum(ops.mul(weight, ops.softplus(surprise))), counted);

  const predicted = ops.mul(ops.sigmoid(sized), valid);
  const axes = options.diceOver === 'sample' ? [2, 3] : [0, 2, 3];
  const overlap = ops.sum(ops.mul(predicted, truth), { axes });
  const area = ops.add(ops.sum(predicted, { axes }), ops.sum(truth, { axes }));
  const smooth = options.diceSmooth;
  const coefficient = ops.div(ops.add(ops.mul(overlap, 2), smooth), ops.add(area, smooth));
  const missed = ops.sub(graph.scalar(1), ops.mean(coefficient));
  const dice = options.diceOver === 'sample' ? ops.mul(missed, samplesToCounting(valid)) : missed;

  const penalty = penalties.reduce((sum, term) => ops.add(sum, term), graph.scalar(0));
  const weighted = ops.add(ops.mul(focal, options.focalWeight), ops.mul(dice, options.diceWeight));
  return { focal, dice, penalty, total: ops.add(weighted, ops.mul(penalty, options.penaltyWeight)) };
}

/**
 * All samples of a batch in relation to those of which anything counts. The others miss nothing, whatever is predicted, and
 * would make the mean over all samples the smaller. Exactly 1 where each counts.
 */
function samplesToCounting(valid: Value): Value {
  const { graph, shape } = valid;
  const counting = ops.sum(ops.clip(ops.sum(valid, { axes: [1, 2, 3] }), 0, 1));
  return ops.div(graph.scalar(shape[0] ?? 1), ops.clip(counting, 1, 2 ** 127));
}

/** [B, C, S, S]: 1 on the background. @param truth the target where it counts */
function rarity(
  target: Value,
  truth: Value,
  { share, floor }: NonNullable<LossOptions['inverseFrequency']>,
): Value {
  const [, , height = 0, width = 0] = target.shape;
  const area = ops.mul(ops.sum(truth, { axes: [2, 3], keepDims: true }), 1 / (height * width));
  const extra = ops.mul(ops.pow(ops.add(area, floor), -1), share);
  return ops.add(ops.mul(target, extra), 1);
}
