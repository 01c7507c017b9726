import { spawnSync } from 'node:child_process';
import { z } from 'zod';

/** What each side prints as its last line. */
const reportSchema = z.object({
  milliseconds: z.array(z.number()).min(1),
  secondMilliseconds: z.array(z.number()).min(1).optional(),
  peakMegabytes: z.number(),
});

export interface Side {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface Measured {
  readonly name: string;
  /** Of all steps of all rounds. */
  readonly median: number;
  readonly least: number;
  /** The median of a second measurement, where the side makes one. */
  readonly secondMedian: number | undefined;
  /** The median of each round, in order. */
  readonly rounds: readonly number[];
  readonly peakMegabytes: number;
}

/**
 * Runs the sides in turn, round by round, each in a process of its own, so that a machine that slows down slows
 * all of them.
 */
export function measureInTurn(sides: readonly Side[], rounds: number): Measured[] {
  const reports = sides.map((): z.infer<typeof reportSchema>[] => []);
  for (let round = 0; round < rounds; round++) {
    sides.forEach((side, i) => reports[i]?.push(runSide(side)));
  }
  return sides.map(({ name }, i) => {
    const mine = reports[i] ?? [];
    const all = mine.flatMap((report) => report.milliseconds);
    const second = mine.flatMap((report) => report.secondMilliseconds ?? []);
    return {
      name,
      median: median(all),
      least: Math.min(...all),
      secondMedian: second.length > 0 ? median(second) : undefined,
      rounds: mine.map((report) => median(report.milliseconds)),
      peakMegabytes: Math.max(...mine.map((report) => report.peakMegabytes)),
    };
  });
}

function runSide({ name, command, args }: Side): z.infer<typeof reportSchema> {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (status !== 0) throw new Error(`${name} failed:\n${stderr}`);
  return reportSchema.parse(JSON.parse(last));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] =
    sorted.length % 2 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return (low + high) / 2;
}

/** A table of all sides, with the ratio of each to the first, round by round, as its median. */
export function tableOf(measured: readonly Measured[]): string {
  const [reference] = measured;
  const rows = measured.map((side) => {
    const ratios = side.rounds.map((ms, i) => ms / (reference?.rounds[i] ?? NaN));
    return [
      side.name,
      side.median.toFixed(0),
      side.least.toFixed(0),
      median(ratios).toFixed(2),
      side.peakMegabytes.toFixed(0),
      (side.peakMegabytes / (reference?.peakMegabytes ?? NaN)).toFixed(2),
    ].join(' | ');
  });
  return [
    `| side | median ms | least ms | time / ${reference?.name ?? ''} | peak MB | memory / ${reference?.name ?? ''} |`,
    '|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}
