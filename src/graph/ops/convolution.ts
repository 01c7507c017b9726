import type { Value } from '../graph.ts';
import { div, equal, mul, toFloat } from '../primitives/elementwise.ts';
import * as p from '../primitives/convolution.ts';
import type { ConvOptions } from '../primitives/convolution.ts';
import { matmul } from '../primitives/linear.ts';
import { sum } from '../primitives/reduce.ts';
import { expand, gatherRows, pad, reshape, slice, transpose, transposeLast } from '../primitives/shape.ts';
import { add } from './elementwise.ts';
import { reshape as reshapeOp } from './shape.ts';

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

/**
 * Transposed convolution, one group, as PyTorch's conv_transpose2d.
 * @param x [N, I, H, W]
 * @param weight [I, O, kh, kw]
 * @param bias [O]
 */
export function convTranspose(x: Value, weight: Value, options: ConvOptions = {}, bias?: Value): Value {
  const y = p.convTranspose(x, weight, options);
  // It is the adjoint of the convolution with this weight: their derivatives swap roles.
  x.graph.record([x, weight], [y], ([dy], [needX, needW]) => {
    if (!dy) return [];
    return [
      needX ? p.conv(dy, weight, options) : undefined,
      needW ? weightGradient(dy, x, options, weight) : undefined,
    ];
  });
  return bias ? add(y, reshapeOp(bias, [-1, 1, 1])) : y;
}

function inputGradient(dy: Value, weight: Value, { stride = 1, padding = 0 }: ConvOptions, x: Value): Value {
  const [outputs = 0, inputs = 0, kh = 0, kw = 0] = weight.shape;
  if (stride === 1 && kh === kw && padding < kh) {
    // A convolution with the flipped, transposed weight is two to four times as fast as ConvTranspose.
    const taps = reshape(transpose(weight, [2, 3, 1, 0]), [kh * kw, inputs, outputs]);
    const flipped = gatherRows(
      taps,
      Array.from({ length: kh * kw }, (_, i) => kh * kw - 1 - i),
    );
    const kernel = reshape(transpose(flipped, [1, 2, 0]), [inputs, outputs, kh, kw]);
    return p.conv(dy, kernel, { padding: kh - 1 - padding });
  }
  const extra = [2, 3].map((axis) => {
    const taps = weight.shape[axis] ?? 0;
    return ((x.shape[axis] ?? 0) + 2 * padding - taps) % stride;
  });
  return p.convTranspose(dy, weight, { stride, padding }, [extra[0] ?? 0, extra[1] ?? 0]);
}

/** [O, C, kh, kw] from x [N, C, H, W] and dy [N, O, H', W']: for each tap, a product over all pixels. */
function weightGradient(x: Value, dy: Value, { stride = 1, padding = 0 }: ConvOptions, weight: Value): Value {
  const [outputs = 0, inputs = 0, kh = 0, kw = 0] = weight.shape;
  const [n = 0, , height = 0, width = 0] = dy.shape;
  const rows = reshape(dy, [n, outputs, height * width]);
  const border = [padding, padding + stride - 1] as const; // room for whole strides at the far side
  const padded = pad(x, [[0, 0], [0, 0], border, border]);
  const taps: Value[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const seen = strided(padded, i, j, height, width, stride);
      const columns = transposeLast(reshape(seen, [n, inputs, height * width]));
      taps.push(reshape(sum(matmul(rows, columns), { axes: [0] }), [outputs, inputs, 1]));
    }
  }
  const last = taps.length === 1 ? taps[0] : undefined;
  const all =
    last ?? x.graph.emit('Concat', taps, { shape: [outputs, inputs, kh * kw] }, { axis: { int: 2 } });
  return reshape(all, weight.shape);
}

/** Every stride-th pixel from (top, left). */
function strided(x: Value, top: number, left: number, height: number, width: number, stride: number): Value {
  const box = slice(x, [
    { axis: 2, start: top, end: top + height * stride },
    { axis: 3, start: left, end: left + width * stride },
  ]);
  if (stride === 1) return box;
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
    const [n = 0, c = 0, h = 0, w = 0] = y.shape;
    const cells = [n, c, h, 1, w, 1];
    const chosen = toFloat(equal(reshape(x, [n, c, h, size, w, size]), reshape(y, cells)));
    const share = div(reshape(dy, cells), sum(chosen, { axes: [3, 5], keepDims: true }));
    return [reshape(mul(chosen, share), x.shape)];
  });
  return y;
}

/** The mean of each block of `size` x `size` pixels. */
export function averagePool(x: Value, size: number): Value {
  const y = p.averagePool(x, size);
  x.graph.record([x], [y], ([dy]) => {
    if (!dy) return [undefined];
    const [n = 0, c = 0, h = 0, w = 0] = y.shape;
    const share = mul(reshape(dy, [n, c, h, 1, w, 1]), 1 / size ** 2);
    return [reshape(expand(share, [n, c, h, size, w, size]), x.shape)];
  });
  return y;
}
