import type { Value } from '../graph.ts';
import { div, isNotNegative, mul, sub } from '../primitives/elementwise.ts';
import * as p from '../primitives/convolution.ts';
import type { ConvOptions } from '../primitives/convolution.ts';
import { matmul } from '../primitives/linear.ts';
import { sum } from '../primitives/reduce.ts';
import {
  concat,
  gather,
  gatherRows,
  pad,
  reshape,
  slice,
  transpose,
  transposeLast,
} from '../primitives/shape.ts';

export type { ConvOptions } from '../primitives/convolution.ts';

/**
 * Convolution, one group, as PyTorch's conv2d.
 * @param x [N, C, H, W]
 * @param weight [O, C, kh, kw]
 * @param bias [O]
 * @returns [N, O, H', W']
 */
export function conv(x: Value, weight: Value, options: ConvOptions = {}, bias?: Value): Value {
  const y = p.conv(x, weight, options, bias);
  x.graph.record(bias ? [x, weight, bias] : [x, weight], [y], ([dy], [needX, needW, needBias]) => {
    if (!dy) return [];
    return [
      needX ? inputGradient(dy, weight, options, x) : undefined,
      needW ? weightGradient(x, dy, options, weight) : undefined,
      needBias ? sum(dy, { axes: [0, 2, 3] }) : undefined,
    ];
  });
  return y;
}

function inputGradient(dy: Value, weight: Value, { stride = 1, padding = 0 }: ConvOptions, x: Value): Value {
  const [outputs = 0, inputs = 0, kh = 0, kw = 0] = weight.shape;
  if (stride === 1 && kh === kw && padding < kh) {
    // A convolution with the flipped, transposed weight is two to four times as fast as ConvTranspose.
    const taps = reshape(transpose(weight, [2, 3, 1, 0]), [kh * kw, inputs, outputs]);
    const flipped = gatherRows(taps, range(kh * kw).reverse());
    const kernel = reshape(transpose(flipped, [1, 2, 0]), [inputs, outputs, kh, kw]);
    return p.conv(dy, kernel, { padding: kh - 1 - padding });
  }
  const extra = [2, 3].map((axis) => {
    const taps = weight.shape[axis] ?? 0;
    return ((x.shape[axis] ?? 0) + 2 * padding - taps) % stride;
  });
  return p.convTranspose(dy, weight, { stride, padding }, [extra[0] ?? 0, extra[1] ?? 0]);
}

/** [O, C, kh, kw] from x [N, C, H, W] and dy [N, O, H', W']. */
function weightGradient(x: Value, dy: Value, options: ConvOptions, weight: Value): Value {
  return (options.stride ?? 1) === 1
    ? denseWeightGradient(x, dy, options.padding ?? 0, weight)
    : stridedWeightGradient(x, dy, options, weight);
}

/**
 * For stride 1. The product of tap (i, j) pairs pixel (r, q) of dy with pixel (r + i, q + j) of x. It is enough to
 * move one of them by the rows and the other by the columns, kh + kw copies rather than kh kw. The copies of the
 * smaller one are stacked, so that each matrix product has more to do.
 */
function denseWeightGradient(x: Value, dy: Value, padding: number, weight: Value): Value {
  const [outputs = 0, inputs = 0, kh = 0, kw = 0] = weight.shape;
  const [n = 0, , height = 0, width = 0] = x.shape;
  const outWidth = dy.shape[3] ?? 0;
  const shifted = range(kw).map((j) => {
    const left = padding - j;
    const moved = pad(x, [NONE, NONE, NONE, [left, outWidth - width - left]]);
    return reshape(moved, [n, inputs, height * outWidth]);
  });
  if (outputs <= inputs) {
    const rows = loweredCopies(dy, kh, padding);
    const taps = shifted.map((columns) => reshape(overBatch(rows, columns), [outputs, kh, inputs, 1]));
    return reshape(transpose(concat(taps, 3), [0, 2, 1, 3]), weight.shape);
  }
  const columns = concat(shifted, 1);
  const taps = range(kh).map((i) => {
    const above = i - padding;
    const moved = pad(dy, [NONE, NONE, [above, height - (dy.shape[2] ?? 0) - above], NONE]);
    const rows = reshape(moved, [n, outputs, height * outWidth]);
    return reshape(overBatch(rows, columns), [outputs, 1, kw, inputs]);
  });
  return reshape(transpose(concat(taps, 1), [0, 3, 1, 2]), weight.shape);
}

const NONE = [0, 0] as const;

/** [N, O kh, H W'] from dy [N, O, H', W']: channel o kh + i is dy's channel o moved down by i - padding rows. */
function loweredCopies(dy: Value, kh: number, padding: number): Value {
  const [n = 0, outputs = 0, outHeight = 0, outWidth = 0] = dy.shape;
  const border = kh - 1 - padding;
  const height = outHeight + 2 * border - (kh - 1);
  const padded = reshape(pad(dy, [NONE, NONE, [border, border], NONE]), [n * outputs, -1, outWidth]);
  const rows = range(kh).flatMap((i) => range(height).map((row) => row + kh - 1 - i));
  const gathered = gather(padded, rows, 1);
  return reshape(gathered, [n, outputs * kh, height * outWidth]);
}

/** For any stride: for each tap, a product over the pixels that it sees. */
function stridedWeightGradient(
  x: Value,
  dy: Value,
  { stride = 1, padding = 0 }: ConvOptions,
  weight: Value,
): Value {
  const [outputs = 0, inputs = 0, kh = 0, kw = 0] = weight.shape;
  const [n = 0, , height = 0, width = 0] = dy.shape;
  const rows = reshape(dy, [n, outputs, height * width]);
  const border = [padding, padding + stride - 1] as const; // room for whole strides at the far side
  const padded = pad(x, [[0, 0], [0, 0], border, border]);
  const taps = range(kh).flatMap((i) =>
    range(kw).map((j) => {
      const seen = strided(padded, i, j, height, width, stride);
      return reshape(overBatch(rows, reshape(seen, [n, inputs, height * width])), [outputs, inputs, 1]);
    }),
  );
  return reshape(concat(taps, 2), weight.shape);
}

/** Sum over the batch of a b^T: [N, I, K], [N, J, K] -> [I, J]. */
function overBatch(a: Value, b: Value): Value {
  return sum(matmul(a, transposeLast(b)), { axes: [0] });
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** Every stride-th pixel from (top, left). */
function strided(x: Value, top: number, left: number, height: number, width: number, stride: number): Value {
  const box = slice(x, [
    { axis: 2, start: top, end: top + height * stride },
    { axis: 3, start: left, end: left + width * stride },
  ]);
  const [n = 0, c = 0] = x.shape;
  const cells = reshape(box, [n, c, height, stride, width, stride]);
  const first = slice(cells, [
    { axis: 3, start: 0, end: 1 },
    { axis: 5, start: 0, end: 1 },
  ]);
  return reshape(first, [n, c, height, width]);
}

/** The largest of each block of `size` x `size` pixels; ties share the gradient. */
export function maxPool(x: Value, size: number): Value {
  const y = p.maxPool(x, size);
  x.graph.record([x], [y], ([dy]) => {
    if (!dy) return [undefined];
    const chosen = isNotNegative(sub(x, p.upsampleNearest(y, size)));
    const share = div(dy, mul(p.averagePool(chosen, size), size ** 2));
    return [mul(chosen, p.upsampleNearest(share, size))];
  });
  return y;
}

/** The mean of each block of `size` x `size` pixels. */
export function averagePool(x: Value, size: number): Value {
  const y = p.averagePool(x, size);
  x.graph.record([x], [y], ([dy]) => {
    if (!dy) return [undefined];
    return [p.upsampleNearest(mul(dy, 1 / size ** 2), size)];
  });
  return y;
}
