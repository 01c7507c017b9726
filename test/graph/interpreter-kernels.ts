/** The loops behind `interpreter.ts`. */
import type { Attribute, Node } from '../../src/graph/graph.ts';
import { sizeOf } from '../../src/graph/tensor.ts';
import type { Shape } from '../../src/graph/tensor.ts';

export interface Tensor {
  readonly shape: Shape;
  readonly data: Float64Array;
}

export function tensor(shape: Shape, data: Iterable<number>): Tensor {
  return { shape, data: Float64Array.from(data) };
}

export class Attributes {
  readonly #all: Readonly<Record<string, Attribute>>;
  constructor(node: Node) {
    this.#all = node.attributes;
  }
  number(name: string, byDefault: number): number {
    const found = this.#all[name];
    if (!found) return byDefault;
    if ('int' in found) return found.int;
    if ('float' in found) return found.float;
    throw new Error(`${name} is no number`);
  }
  ints(name: string, byDefault: readonly number[]): readonly number[] {
    const found = this.#all[name];
    return found && 'ints' in found ? found.ints : byDefault;
  }
}

/** A tensor from a function of the position. */
export function generate(shape: Shape, at: (position: number[]) => number): Tensor {
  const data = new Float64Array(sizeOf(shape));
  const position = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = at([...position]);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = position[axis]! + 1;
      if (position[axis] !== shape[axis]) break;
      position[axis] = 0;
    }
  }
  return { shape, data };
}

/** Zero outside the tensor. */
export function read(x: Tensor, position: readonly number[]): number {
  let index = 0;
  for (const [axis, p] of position.entries()) {
    const n = x.shape[axis]!;
    if (p < 0 || p >= n) return 0;
    index = index * n + p;
  }
  return x.data[index]!;
}

export function map(x: Tensor, f: (v: number) => number): Tensor {
  return { shape: x.shape, data: x.data.map(f) };
}

export function total(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

export function broadcast(xs: readonly Tensor[], f: (values: number[]) => number): Tensor {
  const rank = Math.max(...xs.map((x) => x.shape.length));
  const aligned = xs.map((x) => ({
    ...x,
    shape: [...Array<number>(rank - x.shape.length).fill(1), ...x.shape],
  }));
  const shape = Array.from({ length: rank }, (_, i) => Math.max(...aligned.map((x) => x.shape[i]!)));
  return generate(shape, (at) =>
    f(
      aligned.map((x) =>
        read(
          x,
          at.map((p, i) => (x.shape[i] === 1 ? 0 : p)),
        ),
      ),
    ),
  );
}

export function permute(x: Tensor, perm: readonly number[]): Tensor {
  return generate(
    perm.map((axis) => x.shape[axis]!),
    (at) => {
      const source = x.shape.map(() => 0);
      perm.forEach((axis, i) => (source[axis] = at[i]!));
      return read(x, source);
    },
  );
}

export function matmul(a: Tensor, b: Tensor): Tensor {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape[b.shape.length - 1]!;
  // [..., m, 1, k] times [..., 1, n, k], summed.
  const left = { shape: [...a.shape.slice(0, -2), m, 1, k], data: a.data };
  const swap = [...b.shape.keys()].slice(0, -2).concat(b.shape.length - 1, b.shape.length - 2);
  const right = { shape: [...b.shape.slice(0, -2), 1, n, k], data: permute(b, swap).data };
  const products = broadcast([left, right], (v) => v[0]! * v[1]!);
  return reduce(products, [products.shape.length - 1], false);
}

export function reduce(x: Tensor, axes: readonly number[], keep: boolean): Tensor {
  const kept = x.shape.map((n, i) => (axes.includes(i) ? 1 : n));
  const sums = new Float64Array(sizeOf(kept));
  let i = 0;
  generate(x.shape, (at) => {
    let index = 0;
    for (const [axis, p] of at.entries()) index = index * kept[axis]! + (axes.includes(axis) ? 0 : p);
    sums[index] = sums[index]! + x.data[i++]!;
    return 0;
  });
  return { shape: keep ? kept : x.shape.filter((_, axis) => !axes.includes(axis)), data: sums };
}

export function alongLast(x: Tensor, f: (row: number[]) => number[]): Tensor {
  const n = x.shape[x.shape.length - 1]!;
  const rows = Array.from({ length: x.data.length / n }, (_, i) => f([...x.data.slice(i * n, (i + 1) * n)]));
  return tensor(x.shape, rows.flat());
}

export function softmax(row: number[]): number[] {
  const largest = Math.max(...row);
  const powers = row.map((v) => Math.exp(v - largest));
  return powers.map((v) => v / total(powers));
}

export function concat(xs: readonly Tensor[], axis: number): Tensor {
  const size = total(xs.map((x) => x.shape[axis]!));
  return generate(
    xs[0]!.shape.map((n, i) => (i === axis ? size : n)),
    (at) => {
      let rest = at[axis]!;
      for (const x of xs) {
        if (rest < x.shape[axis]!)
          return read(
            x,
            at.map((p, i) => (i === axis ? rest : p)),
          );
        rest -= x.shape[axis]!;
      }
      return NaN;
    },
  );
}

export function conv(x: Tensor, w: Tensor, attributes: Attributes): Tensor {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const [out, , kh, kw] = w.shape as [number, number, number, number];
  const stride = attributes.ints('strides', [1])[0]!;
  const padding = attributes.ints('pads', [0])[0]!;
  const size = (side: number, taps: number): number => Math.floor((side + 2 * padding - taps) / stride) + 1;
  return generate([n, out, size(height, kh), size(width, kw)], ([b, o, row, column]) => {
    let sum = 0;
    for (let k = 0; k < c; k++) {
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) {
          const pixel = read(x, [b!, k, row! * stride + i - padding, column! * stride + j - padding]);
          sum += pixel * read(w, [o!, k, i, j]);
        }
      }
    }
    return sum;
  });
}

/** Scatters where `conv` gathers. */
export function convTranspose(x: Tensor, w: Tensor, attributes: Attributes): Tensor {
  const [n, inputs, height, width] = x.shape as [number, number, number, number];
  const [, out, kh, kw] = w.shape as [number, number, number, number];
  const stride = attributes.ints('strides', [1])[0]!;
  const padding = attributes.ints('pads', [0])[0]!;
  const extra = attributes.ints('output_padding', [0, 0]);
  const size = (side: number, taps: number, i: number): number =>
    (side - 1) * stride - 2 * padding + taps + extra[i]!;
  return generate([n, out, size(height, kh, 0), size(width, kw, 1)], ([b, o, row, column]) => {
    let sum = 0;
    for (let k = 0; k < inputs; k++) {
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) {
          const [p, q] = [(row! + padding - i) / stride, (column! + padding - j) / stride];
          if (Number.isInteger(p) && Number.isInteger(q))
            sum += read(x, [b!, k, p, q]) * read(w, [k, o!, i, j]);
        }
      }
    }
    return sum;
  });
}

export function pool(x: Tensor, size: number, f: (cell: number[]) => number): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return generate([n, c, h / size, w / size], ([b, k, row, column]) =>
    f(
      Array.from({ length: size ** 2 }, (_, i) =>
        read(x, [b!, k!, row! * size + Math.floor(i / size), column! * size + (i % size)]),
      ),
    ),
  );
}

export function layerNorm(x: Tensor, scale: Tensor, bias: Tensor, epsilon: number): Tensor[] {
  const n = x.shape[x.shape.length - 1]!;
  const statistics = [...x.shape.slice(0, -1), 1];
  const means: number[] = [];
  const inverses: number[] = [];
  const y = alongLast(x, (row) => {
    const mean = total(row) / n;
    const inverse = 1 / Math.sqrt(total(row.map((v) => (v - mean) ** 2)) / n + epsilon);
    means.push(mean);
    inverses.push(inverse);
    return row.map((v, i) => (v - mean) * inverse * scale.data[i]! + bias.data[i]!);
  });
  return [y, tensor(statistics, means), tensor(statistics, inverses)];
}

/** Error function by its Taylor series near 0 and its continued fraction beyond (Abramowitz and Stegun 7.1.5, 7.1.14). */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; Math.abs(term) > 1e-18 * sum; n++) {
      term *= -(a * a) / n;
      sum += term / (2 * n + 1);
      if (n > 200) break;
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}
