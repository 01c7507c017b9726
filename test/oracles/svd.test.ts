import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { svdFloat64 } from '../../src/linalg/svd.ts';
import { gaussian, withSingularValues } from '../linalg/matrices.ts';

const python = process.env.OHIF_SALT_PYTHON;
const script = fileURLToPath(new URL('svd.py', import.meta.url));

async function singularValuesByNumpy(a: Float64Array, rows: number, cols: number): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'svd-oracle-'));
  try {
    const file = join(folder, 'matrix');
    await writeFile(file, a);
    const output = execFileSync(python ?? '', [script, file, String(rows), String(cols)], {
      encoding: 'utf8',
    });
    return z.array(z.number()).parse(JSON.parse(output));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const decaying = Array.from({ length: 96 }, (_, i) => 10 ** (-i / 8));
const cases = [
  ['a square normal matrix', 256, 256, new Float64Array(gaussian(256, 256, 1))],
  ['a tall normal matrix', 512, 96, new Float64Array(gaussian(512, 96, 2))],
  ['a wide normal matrix', 96, 400, new Float64Array(gaussian(96, 400, 3))],
  ['values from 1 to 1e-12', 96, 120, withSingularValues(96, 120, decaying, 4)],
  [
    'rank 40 of 96',
    200,
    96,
    withSingularValues(
      200,
      96,
      decaying.map((s, i) => (i < 40 ? s : 0)),
      5,
    ),
  ],
  ['a constant matrix', 30, 50, new Float64Array(1500).fill(0.1)],
] as const;

suite(
  'singular values agree with numpy',
  { skip: python ? false : 'Set OHIF_SALT_PYTHON to a Python with numpy.' },
  () => {
    for (const [name, rows, cols, a] of cases) {
      test(name, async () => {
        const expected = await singularValuesByNumpy(a, rows, cols);
        const { s } = svdFloat64(a, rows, cols);
        assert.equal(s.length, expected.length);
        const largest = expected[0] ?? NaN;
        const worst = Math.max(...expected.map((value, i) => Math.abs(value - (s[i] ?? NaN)))) / largest;
        assert.ok(worst < 1e-13, `differs by ${worst} of the largest`);
      });
    }
  },
);
