import { ops } from '../../src/graph/index.ts';
import { greater } from '../../src/graph/primitives/elementwise.ts';
import type { Random } from '../../src/protocol/random.ts';
import type { Operation } from './derivatives.ts';

const size = (random: Random, least = 1, most = 4): number => least + random.integer(most - least + 1);
const sizes = (random: Random, rank: number): number[] => Array.from({ length: rank }, () => size(random));
const positive = (random: Random): number => 0.5 + random.uniform();
/** Away from a kink at zero. */
const awayFromZero = (random: Random): number => (random.uniform() < 0.5 ? -1 : 1) * (0.1 + random.uniform());

/** Two shapes that broadcast: ones and missing leading axes on either side. */
function broadcastShapes(random: Random): [number[], number[]] {
  const full = sizes(random, 3);
  const thin = (): number[] =>
    full.map((n) => (random.uniform() < 0.4 ? 1 : n)).slice(random.integer(full.length + 1));
  return random.uniform() < 0.5 ? [full, thin()] : [thin(), full];
}

/** Every operator, over shapes and settings drawn at random. */
export const OPERATIONS: Record<string, (random: Random) => Operation> = {
  add: (r) => ({ shapes: broadcastShapes(r), build: ops.add }),
  sub: (r) => ({ shapes: broadcastShapes(r), build: ops.sub }),
  mul: (r) => ({ shapes: broadcastShapes(r), build: ops.mul }),
  div: (r) => ({ shapes: broadcastShapes(r), build: ops.div, draw: positive }),
  'where, both sides broadcast': (r) => {
    const shapes = broadcastShapes(r);
    return { shapes: [...shapes, [1]], build: (a, b, c) => ops.where(greater(c, 0), a, b) };
  },
  exp: (r) => ({ shapes: [sizes(r, 2)], build: ops.exp }),
  log: (r) => ({ shapes: [sizes(r, 2)], build: ops.log, draw: positive }),
  sqrt: (r) => ({ shapes: [sizes(r, 2)], build: ops.sqrt, draw: positive }),
  sigmoid: (r) => ({ shapes: [sizes(r, 2)], build: ops.sigmoid }),
  softplus: (r) => ({ shapes: [sizes(r, 2)], build: ops.softplus }),
  gelu: (r) => ({ shapes: [sizes(r, 2)], build: ops.gelu }),
  relu: (r) => ({ shapes: [sizes(r, 2)], build: ops.relu, draw: awayFromZero }),
  clip: (r) => ({ shapes: [sizes(r, 2)], build: (x) => ops.clip(x, -0.7, 0.05), draw: awayFromZero }),
  pow: (r) => ({ shapes: [sizes(r, 2)], build: (x) => ops.pow(x, 2.5), draw: positive }),
  'pow of negative numbers': (r) => ({ shapes: [sizes(r, 2)], build: (x) => ops.pow(x, 3) }),
  'matmul with broadcast batches': (r) => {
    const [m, k, n] = sizes(r, 3);
    const [a, b] = broadcastShapes(r);
    return {
      shapes: [
        [...a, m!, k!],
        [...b, k!, n!],
      ],
      build: ops.matmul,
    };
  },
  'gemm, all four ways': (r) => {
    const [m, k, n] = sizes(r, 3) as [number, number, number];
    const transposed = { a: r.uniform() < 0.5, b: r.uniform() < 0.5 };
    const bias = [[], [n], [m, 1], [m, n]][r.integer(4)]!;
    return {
      shapes: [transposed.a ? [k, m] : [m, k], transposed.b ? [n, k] : [k, n], bias],
      build: (a, b, c) => ops.gemm(a, b, transposed, c),
    };
  },
  linear: (r) => {
    const [out, inner] = sizes(r, 2) as [number, number];
    return { shapes: [[...sizes(r, 2), inner], [out, inner], [out]], build: ops.linear };
  },
  'linear without bias': (r) => {
    const [out, inner] = sizes(r, 2) as [number, number];
    return {
      shapes: [
        [...sizes(r, r.integer(3)), inner],
        [out, inner],
      ],
      build: (x, w) => ops.linear(x, w),
    };
  },
  softmax: (r) => ({ shapes: [sizes(r, 3)], build: ops.softmax }),
  attention: (r) => {
    const [heads, queries, keys, d] = sizes(r, 4) as [number, number, number, number];
    return {
      shapes: [
        [heads, queries, d],
        [heads, keys, d],
        [heads, keys, size(r)],
      ],
      build: ops.attention,
    };
  },
  'sum of some axes': (r) => ({
    shapes: [sizes(r, 3)],
    build: (x) => ops.sum(x, { axes: [0, -1], keepDims: r.uniform() < 0.5 }),
  }),
  'sum of all': (r) => ({ shapes: [sizes(r, 3)], build: (x) => ops.sum(x) }),
  'mean of one axis': (r) => ({
    shapes: [sizes(r, 3)],
    build: (x) => ops.mean(x, { axes: [r.integer(3)], keepDims: true }),
  }),
  norm: (r) => ({ shapes: [sizes(r, 2)], build: ops.norm }),
  reshape: (r) => {
    const [a, b, c] = sizes(r, 3) as [number, number, number];
    return { shapes: [[a, b, c]], build: (x) => ops.reshape(x, [-1, a]) };
  },
  transpose: (r) => ({ shapes: [sizes(r, 4)], build: (x) => ops.transpose(x, [2, 0, 3, 1]) }),
  transposeLast: (r) => ({ shapes: [sizes(r, 3)], build: ops.transposeLast }),
  expand: (r) => {
    const [a, b, c] = sizes(r, 3) as [number, number, number];
    return { shapes: [[b, 1]], build: (x) => ops.expand(x, [a, b, c]) };
  },
  slice: (r) => {
    const [a, b, c] = [size(r), size(r, 3, 6), size(r, 2, 5)];
    const start = r.integer(b - 1);
    return {
      shapes: [[a, b, c]],
      build: (x) =>
        ops.slice(x, [
          { axis: 1, start, end: b - 1 },
          { axis: 2, start: 1 },
        ]),
    };
  },
  pad: (r) => ({
    shapes: [sizes(r, 3)],
    build: (x) =>
      ops.pad(x, [
        [1, 0],
        [0, 0],
        [2, 1],
      ]),
  }),
  concat: (r) => {
    const [a, b] = sizes(r, 2) as [number, number];
    return {
      shapes: [1, 3, 2].map((n) => [a, n, b]),
      build: (...xs) => ops.concat(xs, 1),
    };
  },
  split: (r) => {
    const [a, b] = sizes(r, 2) as [number, number];
    return { shapes: [[a, 6, b]], build: (x) => ops.split(x, [1, 3, 2], 1) };
  },
  'split, one piece unread': (r) => {
    const [a, b] = sizes(r, 2) as [number, number];
    return { shapes: [[a, 6, b]], build: (x) => ops.split(x, [1, 3, 2], 1)[1]! };
  },
  'gatherRows, rows read twice and never': (r) => ({
    shapes: [[4, ...sizes(r, 2)]],
    build: (x) => ops.gatherRows(x, [2, 0, 2, 2, 1]),
  }),
  depthToSpace: (r) => {
    const [n, c, h, w] = sizes(r, 4) as [number, number, number, number];
    return { shapes: [[n, 4 * c, h, w]], build: (x) => ops.depthToSpace(x, 2) };
  },
  spaceToDepth: (r) => {
    const [n, c, h, w] = sizes(r, 4) as [number, number, number, number];
    return { shapes: [[n, c, 3 * h, 3 * w]], build: (x) => ops.spaceToDepth(x, 3) };
  },
  layerNorm: (r) => {
    const c = size(r, 2, 6);
    return { shapes: [[...sizes(r, 2), c], [c], [c]], build: (x, s, b) => ops.layerNorm(x, s, b, 0.01) };
  },
  groupNorm: (r) => {
    const [n, members, groups] = sizes(r, 3) as [number, number, number];
    const c = members * groups;
    return {
      shapes: [[n, c, size(r, 2), size(r, 2)], [c], [c]],
      build: (x, s, b) => ops.groupNorm(x, groups, s, b, 0.01),
    };
  },
  conv: (r) => convolution(r),
  'conv without bias': (r) => {
    const { shapes, build } = convolution(r);
    return { shapes: shapes.slice(0, 2), build: (x, w) => build(x, w) };
  },
  'conv with more outputs than inputs, and fewer': (r) => {
    const [inputs, outputs] = r.uniform() < 0.5 ? [1, 5] : [5, 1];
    return {
      shapes: [
        [2, inputs, 4, 5],
        [outputs, inputs, 3, 3],
      ],
      build: (x, w) => ops.conv(x, w, { padding: 1 }),
    };
  },
  maxPool: (r) => {
    const [n, c, h, w] = sizes(r, 4) as [number, number, number, number];
    return { shapes: [[n, c, 2 * h, 2 * w]], build: (x) => ops.maxPool(x, 2) };
  },
  averagePool: (r) => {
    const [n, c, h, w] = sizes(r, 4) as [number, number, number, number];
    return { shapes: [[n, c, 3 * h, 3 * w]], build: (x) => ops.averagePool(x, 3) };
  },
  resizeBilinear: (r) => ({
    shapes: [sizes(r, 4)],
    build: (x) => ops.resizeBilinear(x, size(r, 1, 7), size(r, 1, 7)),
  }),
  upsampleNearest: (r) => ({ shapes: [sizes(r, 4)], build: (x) => ops.upsampleNearest(x, 3) }),
  'selectRows, with padding rows read often': (r) => ({
    shapes: [[6, ...sizes(r, 1)]],
    build: (x) => ops.selectRows(x, [[5, 0, 5, 5, 1], [2], [4, 4]]),
  }),
};

function convolution(r: Random): Operation {
  const [n, c, o] = sizes(r, 3) as [number, number, number];
  const [kh, kw] = r.uniform() < 0.5 ? [3, 3] : [size(r), size(r)];
  const stride = size(r, 1, 3);
  const padding = r.integer(3);
  return {
    shapes: [[n, c, size(r, 4, 7), size(r, 4, 7)], [o, c, kh, kw], [o]],
    build: (x, w, b) => ops.conv(x, w, { stride, padding }, b),
  };
}
