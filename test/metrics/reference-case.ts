import assert from 'node:assert/strict';
import { z } from 'zod';
import type { Mask } from '../../src/imaging/frame.ts';
import { compareMasks } from '../../src/metrics/compare-masks.ts';
import { skeletonOf } from '../../src/metrics/skeleton.ts';

const runs = z.array(z.int().min(0));
const share = z.number().nullable();
const caseSchema = z.strictObject({
  name: z.string(),
  height: z.int(),
  width: z.int(),
  prediction: runs,
  reference: runs,
  fieldOfView: runs.nullable(),
  spacing: z.tuple([z.number(), z.number()]).nullable(),
  skeleton: runs,
  scores: z.strictObject({
    dice: z.number(),
    iou: z.number(),
    clDice: z.number(),
    sensitivity: share,
    specificity: share,
    precision: share,
    hd95: z.number(),
    hd95Mm: share,
    predictionEmpty: z.boolean(),
    referenceEmpty: z.boolean(),
  }),
});

/** Masks with the scores that SciPy and scikit-image give them; made by test/oracles/metrics_reference.py. */
export type ReferenceCase = z.infer<typeof caseSchema>;

export function readReferenceCases(json: string): ReferenceCase[] {
  return z.array(caseSchema).min(20).parse(JSON.parse(json));
}

export function assertAgrees(expected: ReferenceCase): void {
  const { width, height, fieldOfView, spacing } = expected;
  const decode = (lengths: readonly number[]): Mask => ({
    width,
    height,
    data: decodeRuns(lengths, width * height),
  });
  const prediction = decode(expected.prediction);
  const scores = compareMasks(prediction, decode(expected.reference), {
    ...(fieldOfView ? { fieldOfView: decode(fieldOfView) } : {}),
    ...(spacing ? { spacing } : {}),
  });
  assert.deepEqual(rounded(scores), rounded(expected.scores));
  const inside = fieldOfView ? decodeRuns(fieldOfView, width * height) : undefined;
  const cut = inside ? prediction.data.map((value, i) => value & inside[i]!) : prediction.data;
  assert.deepEqual(skeletonOf(cut, width, height), decodeRuns(expected.skeleton, width * height));
}

/** To 12 digits: what is left is the order of additions. */
function rounded(scores: object): Record<string, unknown> {
  const entries = Object.entries(scores) as [string, unknown][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'number' ? Number(value.toPrecision(12)) : value]),
  );
}

function decodeRuns(lengths: readonly number[], size: number): Uint8Array {
  const data = new Uint8Array(size);
  let at = 0;
  lengths.forEach((length, i) => {
    data.fill(i % 2, at, at + length);
    at += length;
  });
  assert.equal(at, size);
  return data;
}
