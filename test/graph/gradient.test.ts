import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeModel, Graph, gradients, ops } from '../../src/graph/index.ts';
import type { Value } from '../../src/graph/index.ts';
import { liveNodes } from '../../src/graph/liveness.ts';
import { convTranspose } from '../../src/graph/primitives/convolution.ts';
import { interpret } from './interpreter.ts';
import { tensor } from './interpreter-kernels.ts';

function hasCode(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof Error && 'code' in error && error.code === code && message.test(error.message);
}

/** What a graph of one input x and one output y answers. */
function answer(build: (x: Value) => Value, shape: readonly number[], data: readonly number[]): number[] {
  const graph = new Graph();
  graph.output('y', build(graph.input('x', shape)));
  return [...interpret(graph, { x: tensor(shape, data) }).y!.data];
}

/** The gradient of the sum of what `build` makes, at the given numbers. */
function gradientAt(build: (x: Value) => Value, shape: readonly number[], data: readonly number[]): number[] {
  return answer((x) => gradients(x.graph, ops.sum(build(x)), [x])[0]!, shape, data);
}

describe('gradients', () => {
  test('of frozen weights add no nodes', () => {
    const count = (wanted: (inputs: Value[]) => Value[]): number => {
      const graph = new Graph();
      const x = graph.input('x', [2, 3, 8, 8]);
      const first = graph.input('first', [4, 3, 3, 3]);
      const second = graph.input('second', [4, 4, 3, 3]);
      const middle = ops.conv(x, first, { padding: 1 });
      const loss = ops.sum(ops.conv(middle, second, { padding: 1 }));
      const before = graph.nodes.length;
      gradients(graph, loss, wanted([x, first, second]));
      return graph.nodes.length - before;
    };
    const [all, last, none] = [count((v) => v), count(([, , second]) => [second!]), count(() => [])];
    assert.equal(none, 0);
    assert.ok(last < all / 2, `${last} nodes for the last weight, ${all} for everything`);
  });

  test('do not reach behind a frozen layer', () => {
    const graph = new Graph();
    const [x, w1, w2] = [graph.input('x', [2, 2]), graph.input('w1', [2, 2]), graph.input('w2', [2, 2])];
    const loss = ops.sum(ops.matmul(ops.matmul(x, w1), w2));
    const before = graph.nodes.length;
    gradients(graph, loss, [w2]);
    const products = graph.nodes.slice(before).filter((node) => node.op === 'MatMul');
    assert.equal(products.length, 1, 'one product for w2, none for what lies before it');
  });

  test('are zero where nothing depends on the value', () => {
    const graph = new Graph();
    const [x, unread] = [graph.input('x', [2]), graph.input('unread', [2, 3])];
    graph.output('g', gradients(graph, ops.sum(x), [unread])[0]!);
    const { g } = interpret(graph, { x: tensor([2], [1, 2]), unread: tensor([2, 3], Array(6).fill(1)) });
    assert.deepEqual(g, tensor([2, 3], Array(6).fill(0)));
  });

  test('add up over all the uses of a value', () => {
    assert.deepEqual(
      gradientAt((x) => ops.add(ops.mul(x, x), ops.mul(x, 3)), [2], [5, -1]),
      [13, 1],
    );
  });

  test('of values that were made on the way are as good as those of inputs', () => {
    const wrt = (x: Value): Value => {
      const y = ops.mul(x, 2);
      return gradients(x.graph, ops.sum(ops.mul(y, y)), [y])[0]!;
    };
    assert.deepEqual(answer(wrt, [2], [1, 3]), [4, 12]);
  });

  test('of a scalar are not counted twice by a sum or mean over nothing', () => {
    assert.deepEqual(
      gradientAt((x) => ops.mean(ops.sum(x)), [], [4]),
      [1],
    );
  });

  test('start from seeds where a later graph knows the gradient', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const later = graph.input('later', [2]);
    const y = ops.mul(x, x);
    const direct = ops.mul(x, 5);
    const seeds = [
      { value: y, gradient: later },
      { value: direct, gradient: later },
    ];
    graph.output('g', gradients(graph, seeds, [x])[0]!);
    const { g } = interpret(graph, { x: tensor([2], [3, 4]), later: tensor([2], [1, 10]) });
    assert.deepEqual([...g!.data], [6 + 5, 80 + 50]);
  });

  test('may be asked for twice in one graph', () => {
    const graph = new Graph();
    const x = graph.input('x', [1]);
    const y = ops.mul(x, x);
    graph.output('a', gradients(graph, ops.sum(y), [x])[0]!);
    graph.output('b', gradients(graph, ops.sum(ops.mul(y, y)), [x])[0]!);
    const { a, b } = interpret(graph, { x: tensor([1], [2]) });
    assert.deepEqual([a!.data[0], b!.data[0]], [4, 32]);
  });

  test('refuse a loss that is no scalar, and a seed of the wrong shape', () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 3]);
    assert.throws(() => gradients(graph, x, [x]), hasCode('GRAPH_INVALID', /\[2, 3\]/));
    const seed = { value: x, gradient: graph.scalar(1) };
    assert.throws(() => gradients(graph, [seed], [x]), hasCode('GRAPH_INVALID', /"x" has shape \[\]/));
  });

  test('use the derivative of a composite, and not those of its parts', () => {
    const twice = (x: Value): Value => {
      const y = x.graph.silently(() => ops.add(x, x));
      x.graph.record([x], [y], ([dy]) => [dy && ops.mul(dy, 100)]);
      return y;
    };
    assert.deepEqual(gradientAt(twice, [1], [1]), [100]);
  });

  test('are recorded again after a silent part that fails', () => {
    const graph = new Graph();
    const x = graph.input('x', [1]);
    assert.throws(() =>
      graph.silently(() => {
        throw new Error('no');
      }),
    );
    ops.relu(x);
    assert.equal(graph.tape.length, 1);
  });
});

describe('derivatives where finite differences have nothing to say', () => {
  test('the norm at zero has gradient zero', () => {
    assert.deepEqual(gradientAt(ops.norm, [3], [0, 0, 0]), [0, 0, 0]);
  });

  test('relu at zero has derivative zero, and one at the smallest normal number', () => {
    assert.deepEqual(gradientAt(ops.relu, [4], [0, -0, 1.2e-38, -1.2e-38]), [0, 0, 1, 0]);
  });

  test('clip has derivative one on both borders', () => {
    assert.deepEqual(
      gradientAt((x) => ops.clip(x, -1, 2), [5], [-1, 2, -1.5, 2.5, 0]),
      [1, 1, 0, 0, 1],
    );
  });

  test('ties of a max pool share the gradient', () => {
    const shared = gradientAt((x) => ops.maxPool(x, 2), [1, 1, 2, 4], [7, 7, 1, 1, 0, 7, 1, 1]);
    const third = 1 / 3;
    shared.forEach((value, i) => {
      assert.ok(Math.abs(value - [third, third, 0.25, 0.25, 0, third, 0.25, 0.25][i]!) < 1e-12);
    });
  });

  test('rows that are gathered twice get both gradients', () => {
    assert.deepEqual(
      gradientAt((x) => ops.gatherRows(x, [1, 1, 0]), [3, 1], [5, 6, 7]),
      [1, 2, 0],
    );
  });

  test('softplus and sigmoid neither overflow nor lose their derivatives for large numbers', () => {
    assert.deepEqual(gradientAt(ops.softplus, [2], [-800, 800]), [0, 1]);
    assert.deepEqual(gradientAt(ops.sigmoid, [2], [-800, 800]), [0, 0]);
  });

  test('a resize to the same size is nothing at all', () => {
    const graph = new Graph();
    const x = graph.input('x', [1, 1, 3, 3]);
    assert.equal(ops.resizeBilinear(x, 3, 3), x);
    assert.equal(ops.upsampleNearest(x, 1), x);
  });
});

describe('graphs that cannot be built', () => {
  const cases: Record<string, [RegExp, (graph: Graph) => unknown]> = {
    'an input name twice': [/"x"/, (g) => [g.input('x', [1]), g.input('x', [1])]],
    'an output name twice': [
      /"y"/,
      (g) => {
        g.output('y', g.scalar(1));
        g.output('y', g.scalar(2));
      },
    ],
    'a constant of the wrong length': [/\[2, 2\] got 3/, (g) => g.constant(new Float32Array(3), [2, 2])],
    'shapes that do not broadcast': [
      /\[2, 3\] and \[4\]/,
      (g) => ops.add(g.input('a', [2, 3]), g.input('b', [4])),
    ],
    'a product of misfits': [/No product/, (g) => ops.matmul(g.input('a', [2, 3]), g.input('b', [2, 3]))],
    'a product of vectors': [/No product/, (g) => ops.matmul(g.input('a', [2]), g.input('b', [2]))],
    'a gemm of misfits': [
      /No Gemm/,
      (g) => ops.gemm(g.input('a', [2, 3]), g.input('b', [3, 4]), { b: true }),
    ],
    'a convolution of the wrong channels': [
      /No convolution/,
      (g) => ops.conv(g.input('a', [1, 2, 8, 8]), g.input('b', [4, 3, 3, 3])),
    ],
    'a kernel larger than the image': [
      /No convolution/,
      (g) => ops.conv(g.input('a', [1, 2, 2, 2]), g.input('b', [4, 2, 3, 3])),
    ],
    'a transposed convolution of the wrong channels': [
      /No transposed convolution/,
      (g) => convTranspose(g.input('a', [1, 2, 8, 8]), g.input('b', [3, 2, 2, 2])),
    ],
    'a pooling with a rest': [/5 x 4 pixels/, (g) => ops.maxPool(g.input('a', [1, 1, 5, 4]), 2)],
    'a reshape that loses numbers': [/cannot be reshaped/, (g) => ops.reshape(g.input('a', [2, 3]), [4, -1])],
    'a slice past the end': [
      /No slice 1..4 of axis 0/,
      (g) => ops.slice(g.input('a', [3]), [{ axis: 0, start: 1, end: 4 }]),
    ],
    'an empty slice': [/No slice/, (g) => ops.slice(g.input('a', [3]), [{ axis: 0, start: 3 }])],
    'a split that leaves something over': [/1 \+ 1/, (g) => ops.split(g.input('a', [3]), [1, 1], 0)],
    'a concatenation of nothing': [/Nothing/, () => ops.concat([], 0)],
    'a concatenation of misfits': [
      /\[2, 3\] and \[3, 4\]/,
      (g) => ops.concat([g.input('a', [2, 3]), g.input('b', [3, 4])], 0),
    ],
    'an expansion that is none': [/\[2\]/, (g) => ops.expand(g.input('a', [2]), [3])],
    'a row that is not there': [/no row 3 of 3/, (g) => ops.gatherRows(g.input('a', [3, 1]), [3])],
    'groups that do not divide the channels': [
      /6 channels do not make 4/,
      (g) => ops.groupNorm(g.input('a', [1, 6, 2, 2]), 4, g.input('s', [6]), g.input('b', [6]), 1e-5),
    ],
    'values of two graphs': [/another graph/, (g) => ops.add(g.input('a', [1]), new Graph().input('b', [1]))],
  };
  for (const [name, [message, build]] of Object.entries(cases)) {
    test(`${name}: refused`, () => {
      assert.throws(() => build(new Graph()), hasCode('GRAPH_INVALID', message));
    });
  }
});

test('what no output depends on is not in the model', () => {
  const graph = new Graph();
  const x = graph.input('x', [2]);
  ops.exp(x);
  const y = ops.relu(x);
  graph.output('y', y);
  assert.deepEqual(
    liveNodes(graph).map((node) => node.op),
    ['Relu'],
  );
  assert.ok(!new TextDecoder('latin1').decode(encodeModel(graph)).includes('Exp'));
});
