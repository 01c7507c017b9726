import type { Mask } from '../imaging/frame.ts';
import { SaltError } from '../protocol/errors.ts';
import type { Spacing } from './distance-transform.ts';
import { skeletonOf } from './skeleton.ts';
import { surfaceDistance95, surfaceOf } from './surface-distance.ts';

/**
 * How well a predicted mask agrees with a reference. Empty masks are defined as follows. Both empty: Dice, IoU and
 * clDice are 1, HD95 is 0. One empty: Dice, IoU and clDice are 0, and HD95, which has no value then, is the diagonal
 * of the image, or of the smallest box around the field of view: no distance can be larger. The two flags tell these
 * images apart. Shares of nothing (sensitivity with an empty reference, ...) are null.
 */
export interface MaskScores {
  /** 2 |P and R| / (|P| + |R|), 0 to 1. */
  readonly dice: number;
  /** |P and R| / |P or R|, 0 to 1. */
  readonly iou: number;
  /** Centreline Dice (Shit et al., CVPR 2021), 0 to 1, with skeletons as scikit-image draws them. */
  readonly clDice: number;
  /** Share of the reference that was found. */
  readonly sensitivity: number | null;
  /** Share of what is not the reference, inside the field of view, that was left out. */
  readonly specificity: number | null;
  /** Share of the prediction that is right. */
  readonly precision: number | null;
  /** 95th percentile of the symmetric surface distance in pixels. */
  readonly hd95: number;
  /** The same in mm; null where the spacing is not known. */
  readonly hd95Mm: number | null;
  readonly predictionEmpty: boolean;
  readonly referenceEmpty: boolean;
}

export interface CompareOptions {
  /** Both masks are cut to it first; what lies outside counts nowhere. */
  readonly fieldOfView?: Mask;
  /** Distance between pixel centres in mm, [row, column]. */
  readonly spacing?: Spacing;
}

/**
 * Scores a predicted mask against a reference.
 * @throws SaltError INVALID_ARGUMENT if the masks differ in size or hold anything but 0 and 1, the field of view is empty, or
 *   the spacing is not positive
 */
export function compareMasks(prediction: Mask, reference: Mask, options: CompareOptions = {}): MaskScores {
  const { fieldOfView, spacing } = options;
  const { width, height } = reference;
  requireMask(reference, 'reference', reference);
  requireMask(prediction, 'prediction', reference);
  if (fieldOfView) requireMask(fieldOfView, 'field of view', reference);
  if (spacing && !spacing.every((mm) => Number.isFinite(mm) && mm > 0)) {
    throw new SaltError('INVALID_ARGUMENT', `Pixel spacing must be positive, not ${spacing.join(', ')}`);
  }
  const p = restricted(prediction, fieldOfView);
  const r = restricted(reference, fieldOfView);
  const counts = countPixels(p, r, fieldOfView?.data);
  const { truePositive, falsePositive, falseNegative, trueNegative } = counts;
  const predicted = truePositive + falsePositive;
  const present = truePositive + falseNegative;
  const distance = surfaceDistances(p, r, width, height, fieldOfView);
  return {
    dice: share(2 * truePositive, predicted + present) ?? 1,
    iou: share(truePositive, predicted + falseNegative) ?? 1,
    clDice: centrelineDice(p, r, width, height),
    sensitivity: share(truePositive, present),
    specificity: share(trueNegative, trueNegative + falsePositive),
    precision: share(truePositive, predicted),
    hd95: distance([1, 1]),
    hd95Mm: spacing ? distance(spacing) : null,
    predictionEmpty: predicted === 0,
    referenceEmpty: present === 0,
  };
}

function requireMask(mask: Mask, name: string, { width, height }: Mask): void {
  if (mask.width !== width || mask.height !== height || mask.data.length !== width * height) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `The ${name} has ${mask.width} x ${mask.height} pixels (${mask.data.length} bytes), the reference ${width} x ${height}`,
    );
  }
  if (mask.data.some((value) => value > 1)) {
    throw new SaltError('INVALID_ARGUMENT', `The ${name} holds other values than 0 and 1`);
  }
}

function restricted({ data }: Mask, fieldOfView: Mask | undefined): Uint8Array {
  return fieldOfView ? data.map((value, i) => value & fieldOfView.data[i]!) : data;
}

function countPixels(
  p: Uint8Array,
  r: Uint8Array,
  inside: Uint8Array | undefined,
): { truePositive: number; falsePositive: number; falseNegative: number; trueNegative: number } {
  /** Pixels by 2 * predicted + present. */
  const counts: [number, number, number, number] = [0, 0, 0, 0];
  for (let i = 0; i < p.length; i++) {
    if (!inside || inside[i]) counts[2 * p[i]! + r[i]!]!++;
  }
  const [trueNegative, falseNegative, falsePositive, truePositive] = counts;
  if (trueNegative + falseNegative + falsePositive + truePositive === 0) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      'There is no pixel to compare: the image or its field of view is empty',
    );
  }
  return { truePositive, falsePositive, falseNegative, trueNegative };
}

/** Null for a share of nothing. */
function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

/** HD95 of one pair of masks as a function of the spacing. */
function surfaceDistances(
  p: Uint8Array,
  r: Uint8Array,
  width: number,
  height: number,
  fieldOfView: Mask | undefined,
): (spacing: Spacing) => number {
  const pEmpty = !p.includes(1);
  const rEmpty = !r.includes(1);
  if (pEmpty && rEmpty) return () => 0;
  if (pEmpty || rEmpty) {
    const box = fieldOfView ? extentOf(fieldOfView) : { rows: height, cols: width };
    return ([row, col]) => Math.sqrt((row * box.rows) ** 2 + (col * box.cols) ** 2);
  }
  const pSurface = surfaceOf(p, width, height);
  const rSurface = surfaceOf(r, width, height);
  return (spacing) => surfaceDistance95(pSurface, rSurface, width, height, spacing);
}

/** Size of the smallest box around a mask that is not empty. */
function extentOf({ width, height, data }: Mask): { rows: number; cols: number } {
  let top = height;
  let bottom = -1;
  let left = width;
  let right = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!data[y * width + x]) continue;
      top = Math.min(top, y);
      bottom = y;
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
  }
  return { rows: bottom - top + 1, cols: right - left + 1 };
}

/** Harmonic mean of the share of P's skeleton inside R and of R's skeleton inside P. */
function centrelineDice(p: Uint8Array, r: Uint8Array, width: number, height: number): number {
  const precision = skeletonInside(p, r, width, height);
  const sensitivity = skeletonInside(r, p, width, height);
  if (precision === null || sensitivity === null) return precision === sensitivity ? 1 : 0;
  return share(2 * precision * sensitivity, precision + sensitivity) ?? 0;
}

/** Null for an empty mask: only that has an empty skeleton. */
function skeletonInside(mask: Uint8Array, other: Uint8Array, width: number, height: number): number | null {
  const skeleton = skeletonOf(mask, width, height);
  let length = 0;
  let inside = 0;
  for (let i = 0; i < skeleton.length; i++) {
    length += skeleton[i]!;
    inside += skeleton[i]! & other[i]!;
  }
  return share(inside, length);
}
