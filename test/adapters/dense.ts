/** Adapted layers as their papers write them, densely and in float64: nothing is shared with the graphs. */

export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

export type Numbers = Float32Array | Float64Array;

export function matrix(rows: number, cols: number, data: Numbers): Matrix {
  if (data.length !== rows * cols) throw new RangeError(`${data.length} numbers in ${rows} x ${cols}`);
  return { rows, cols, data: Float64Array.from(data) };
}

export function times(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.cols);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.cols; k++) {
      for (let j = 0; j < b.cols; j++) {
        data[i * b.cols + j]! += a.data[i * a.cols + k]! * b.data[k * b.cols + j]!;
      }
    }
  }
  return { rows: a.rows, cols: b.cols, data };
}

export interface SaltTensors {
  /** [out, k] */
  readonly U: Numbers;
  /** [k, in] */
  readonly Vt: Numbers;
  /** [k] */
  readonly s: Numbers;
  /** [r] */
  readonly alpha: Numbers;
  readonly beta: Numbers;
  /** [r', d] */
  readonly X: Numbers;
  /** [d, r'] */
  readonly Y: Numbers;
}

/** U ReLU(blockdiag(diag(alpha s + beta), diag(s) + X Y)) Vt, and ||alpha s + beta - s|| + ||X Y||. */
export function saltWeight(t: SaltTensors): { weight: Matrix; penalty: number } {
  const k = t.s.length;
  const r = t.alpha.length;
  const rest = k - r;
  const core = new Float64Array(k * k);
  let shift = 0;
  for (let i = 0; i < r; i++) {
    const value = t.alpha[i]! * t.s[i]! + t.beta[i]!;
    core[i * k + i] = value;
    shift += (value - t.s[i]!) ** 2;
  }
  let size = 0;
  if (rest > 0) {
    const d = t.X.length / rest;
    const low = times(matrix(rest, d, t.X), matrix(d, rest, t.Y));
    for (let i = 0; i < rest; i++) {
      for (let j = 0; j < rest; j++) {
        const update = low.data[i * rest + j]!;
        size += update ** 2;
        core[(r + i) * k + r + j] = update + (i === j ? t.s[r + i]! : 0);
      }
    }
  }
  const clipped = matrix(
    k,
    k,
    core.map((value) => Math.max(0, value)),
  );
  const left = times(matrix(t.U.length / k, k, t.U), clipped);
  return {
    weight: times(left, matrix(k, t.Vt.length / k, t.Vt)),
    penalty: Math.sqrt(shift) + Math.sqrt(size),
  };
}

/** W + scale B A */
export function loraWeight(w: Matrix, a: Matrix, b: Matrix, scale: number): Matrix {
  const update = times(b, a).data;
  return { ...w, data: w.data.map((value, i) => value + scale * update[i]!) };
}

/** x W^T + bias for x [tokens, in] */
export function denseLinear(x: Matrix, w: Matrix, bias: Numbers | undefined): Float64Array {
  const y = new Float64Array(x.rows * w.rows);
  for (let t = 0; t < x.rows; t++) {
    for (let o = 0; o < w.rows; o++) {
      let sum = bias?.[o] ?? 0;
      for (let i = 0; i < w.cols; i++) sum += x.data[t * x.cols + i]! * w.data[o * w.cols + i]!;
      y[t * w.rows + o] = sum;
    }
  }
  return y;
}

/** A convolution of x [n, c, h, w] by a weight of out x (c kernel kernel), by definition. */
export function denseConv(
  x: Numbers,
  [n, c, h, w]: readonly [number, number, number, number],
  weight: Matrix,
  { kernel, stride, padding }: { kernel: number; stride: number; padding: number },
): Float64Array {
  const height = Math.floor((h + 2 * padding - kernel) / stride) + 1;
  const width = Math.floor((w + 2 * padding - kernel) / stride) + 1;
  const y = new Float64Array(n * weight.rows * height * width);
  let at = 0;
  for (let image = 0; image < n; image++) {
    for (let o = 0; o < weight.rows; o++) {
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++, at++) {
          for (let q = 0; q < weight.cols; q++) {
            const channel = Math.floor(q / kernel ** 2);
            const i = row * stride - padding + (Math.floor(q / kernel) % kernel);
            const j = column * stride - padding + (q % kernel);
            if (i < 0 || i >= h || j < 0 || j >= w) continue;
            y[at]! += weight.data[o * weight.cols + q]! * x[((image * c + channel) * h + i) * w + j]!;
          }
        }
      }
    }
  }
  return y;
}
