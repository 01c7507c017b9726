import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { encodeModel, Graph, gradients, ops } from '../../src/graph/index.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';

/** Whole numbers, so that sums are exact. */
function numbers(rows: number, width: number, seed: number): FloatTensor {
  const data = Float32Array.from({ length: rows * width }, (_, i) => ((i * 7919 + seed * 104729) % 19) - 9);
  return floatTensor([rows, width], data);
}

/** Rows of x shared out among selections: each row in one of them, never, once or several times. */
const arrangement = fc
  .record({
    rows: fc.integer({ min: 1, max: 12 }),
    width: fc.integer({ min: 1, max: 3 }),
    parts: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ rows, width, parts }) =>
    fc.record({
      rows: fc.constant(rows),
      width: fc.constant(width),
      unused: fc.integer({ min: -1, max: parts - 1 }),
      selections: fc.tuple(
        ...Array.from({ length: parts }, (_, part) => {
          const own = Array.from({ length: rows }, (__, row) => row).filter((row) => row % parts === part);
          return own.length === 0
            ? fc.constant<number[]>([])
            : fc.array(fc.constantFrom(...own), { minLength: 1, maxLength: 15 });
        }),
      ),
    }),
  )
  .filter(({ selections }) => selections.every((selection) => selection.length > 0));

describe('selecting rows', async () => {
  const { executor } = await openNodeDevice('cpu', { threads: 1 });
  after(() => executor.dispose());

  test('reads them in order, and its derivative is its adjoint', async () => {
    await fc.assert(
      fc.asyncProperty(arrangement, async ({ rows, width, unused, selections }) => {
        const graph = new Graph();
        const x = graph.input('x', [rows, width]);
        const outputs = ops.selectRows(x, selections);
        const seeds = outputs.flatMap((value, i) =>
          i === unused ? [] : [{ value, gradient: graph.input(`g${i}`, value.shape) }],
        );
        outputs.forEach((value, i) => graph.output(`y${i}`, value));
        const [dx] = gradients(graph, seeds, [x]);
        assert.ok(dx);
        graph.output('dx', dx);

        const values = numbers(rows, width, 1);
        const feeds = { x: await executor.upload(values) };
        const expected = floatTensor([rows, width]);
        for (const [i, selection] of selections.entries()) {
          if (i === unused) continue;
          const gradient = numbers(selection.length, width, i + 2);
          Object.assign(feeds, { [`g${i}`]: await executor.upload(gradient) });
          selection.forEach((row, position) => {
            for (let c = 0; c < width; c++) {
              expected.data[row * width + c] =
                (expected.data[row * width + c] ?? 0) + (gradient.data[position * width + c] ?? 0);
            }
          });
        }
        const program = await executor.compile(encodeModel(graph));
        const found = await program.run(feeds);
        for (const [i, selection] of selections.entries()) {
          const y = found[`y${i}`];
          assert.ok(y);
          const wanted = selection.flatMap((row) => [...values.data.slice(row * width, (row + 1) * width)]);
          assert.deepEqual([...(await executor.download(y)).data], wanted);
        }
        assert.ok(found['dx']);
        // Adding zero makes no difference between 0 and -0.
        const back = (await executor.download(found['dx'])).data;
        assert.deepEqual(
          Array.from(back, (n) => n + 0),
          Array.from(expected.data, (n) => n + 0),
        );
        await program.dispose();
      }),
      { numRuns: 60 },
    );
  });

  test('refuses a row that is not there, and one in two selections', () => {
    const select = (selections: number[][]) => {
      const graph = new Graph();
      const x = graph.input('x', [3, 1]);
      return ops.selectRows(x, selections);
    };
    assert.throws(() => select([[0, 3]]), { code: 'GRAPH_INVALID', message: /no row 3/ });
    assert.throws(() => select([[0, 1], [1]]), { code: 'GRAPH_INVALID', message: /two selections/ });
  });
});
