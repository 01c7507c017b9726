import type { MaskScores } from './compare-masks.ts';

export const METRICS = [
  'dice',
  'iou',
  'clDice',
  'sensitivity',
  'specificity',
  'precision',
  'hd95',
  'hd95Mm',
] as const satisfies readonly (keyof MaskScores)[];

export type Metric = (typeof METRICS)[number];

export interface MetricSummary {
  /** Over the images where the metric has a value; null if there are none. */
  readonly mean: number | null;
  /** Standard deviation between images (divided by n - 1); null for fewer than two. */
  readonly std: number | null;
  readonly n: number;
}

export interface ScoreSummary {
  readonly images: number;
  /** Images where both masks are empty: Dice 1 and HD95 0 by definition. */
  readonly bothEmpty: number;
  /** Images where only one mask is empty: their HD95 is a diagonal, not a measurement. */
  readonly oneEmpty: number;
  readonly metrics: Readonly<Record<Metric, MetricSummary>>;
}

/** Mean, deviation and number of values of each metric over images. */
export function summarise(images: readonly MaskScores[]): ScoreSummary {
  const entries = METRICS.map(
    (metric) => [metric, summaryOf(images.map((scores) => scores[metric]))] as const,
  );
  return {
    images: images.length,
    bothEmpty: images.filter(({ predictionEmpty, referenceEmpty }) => predictionEmpty && referenceEmpty)
      .length,
    oneEmpty: images.filter(({ predictionEmpty, referenceEmpty }) => predictionEmpty !== referenceEmpty)
      .length,
    metrics: Object.fromEntries(entries) as Record<Metric, MetricSummary>,
  };
}

function summaryOf(values: readonly (number | null)[]): MetricSummary {
  const known = values.filter((value) => value !== null);
  const n = known.length;
  const mean = n > 0 ? known.reduce((sum, value) => sum + value, 0) / n : null;
  if (mean === null || n < 2) return { mean, std: null, n };
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (n - 1)), n };
}
