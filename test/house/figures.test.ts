/** What the texts say of real images is what bench/results/real-images.json holds. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { z } from 'zod';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const results = z
  .array(
    z.object({
      cell: z.string(),
      scores: z.record(z.string(), z.object({ dice: z.number(), hd95: z.number() })),
    }),
  )
  .parse(JSON.parse(read('bench/results/real-images.json')));

const CONTENDERS = ['salt', 'unet-pretrained'] as const;

interface Figures {
  readonly dice: number;
  /** Of a sample. */
  readonly deviation: number;
  readonly hd95: number;
}

/** Of one word over seeds 1, 2 and 3. @param cell without its seed */
function figuresOf(cell: string): Figures {
  const seeds = [1, 2, 3].map((seed) => {
    const scores = Object.values(results.find((result) => result.cell === `${cell}:${seed}`)?.scores ?? {});
    const [only] = scores;
    assert.ok(only && scores.length === 1, `${cell}:${seed} has the scores of one word`);
    return only;
  });
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / 3;
  const dice = mean(seeds.map((seed) => seed.dice));
  const deviation = Math.sqrt((3 / 2) * mean(seeds.map((seed) => (seed.dice - dice) ** 2)));
  return { dice, deviation, hd95: mean(seeds.map(({ hd95 }) => hd95)) };
}

/** @param text a number as it is written, rounded to the digits that it has */
function assertRounded(text: string | undefined, value: number, what: string): void {
  const digits = text?.split('.')[1]?.length ?? 0;
  assert.equal(text, value.toFixed(digits), what);
}

/** The cells between the bars of each row of a table. */
function rowsOf(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.map((row) => row.split('|').slice(1, -1));
}

describe('the figures of real images', () => {
  test('in bench/accuracy.md are those of three seeds', () => {
    const [, section = ''] = read('bench/accuracy.md').split('### After a few, beside a U-Net');
    const [table = ''] = section.split('###');
    const cells: string[] = [];
    for (const [name = '', ...columns] of rowsOf(table)) {
      const cell = /\(`(\w+:\w+)`\)/.exec(name)?.[1];
      if (cell === undefined) continue;
      cells.push(cell);
      for (const [i, contender] of CONTENDERS.entries()) {
        const what = `${cell}:${contender}`;
        const said = /^[ *]*([\d.]+) ± ([\d.]+) \/ ([\d.]+)/.exec(columns[i] ?? '');
        const { dice, deviation, hd95 } = figuresOf(what);
        assertRounded(said?.[1], dice, `Dice of ${what}`);
        assertRounded(said?.[2], deviation, `deviation of ${what}`);
        assertRounded(said?.[3], hd95, `HD95 of ${what}`);
      }
    }
    const all = ['drive', 'chase', 'octa'].flatMap((set) =>
      ['1', '3', 'all'].map((count) => `${set}:${count}`),
    );
    assert.deepEqual(cells.sort(), all.sort());
  });

  test('in the README are those of three seeds', () => {
    const text = read('README.md');
    const [, section = ''] = text.split('## How good, how fast');
    const [table = ''] = section.split('## ');
    const said = rowsOf(table).filter(([, , unet = '']) => /\d/.test(unet));
    const cells = ['drive:1', 'drive:3', 'chase:1', 'chase:3', 'octa:1', 'octa:3'];
    assert.equal(said.length, cells.length);
    for (const [row, cell] of cells.entries()) {
      for (const [i, contender] of CONTENDERS.entries()) {
        const figures = /([\d.]+)\**\s*\/ ([\d.]+)/.exec(said[row]?.[1 + i] ?? '');
        const { dice, hd95 } = figuresOf(`${cell}:${contender}`);
        assertRounded(figures?.[1], dice, `Dice of ${cell}:${contender}`);
        assertRounded(figures?.[2], hd95, `HD95 of ${cell}:${contender}`);
      }
    }
    for (const [set, name] of [
      ['drive', 'DRIVE'],
      ['chase', 'CHASE_DB1'],
      ['octa', 'OCTA'],
    ] as const) {
      const both = new RegExp(`(\\d\\.\\d+) and (\\d\\.\\d+) \\(${name}\\)`).exec(text);
      CONTENDERS.forEach((contender, i) => {
        const what = `${set}:all:${contender}`;
        assertRounded(both?.[1 + i], figuresOf(what).dice, `Dice of ${what}`);
      });
    }
  });
});
