import { SaltError } from '../../protocol/errors.ts';
import type { Value } from '../graph.ts';

/** The same in both directions of the image; dilation 1, one group. */
export interface ConvOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on every side; default 0. */
  readonly padding?: number;
}

function attributes(kernel: readonly number[], { stride = 1, padding = 0 }: ConvOptions) {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: [stride, stride] },
    pads: { ints: [padding, padding, padding, padding] },
  };
}

/** x [N, C, H, W], weight [O, C, kh, kw], bias [O] -> [N, O, H', W']. */
export function conv(x: Value, weight: Value, options: ConvOptions = {}, bias?: Value): Value {
  const [n = 0, c = 0, h = 0, w = 0] = x.shape;
  const [out = 0, inner = 0, kh = 0, kw = 0] = weight.shape;
  const { stride = 1, padding = 0 } = options;
  const height = Math.floor((h + 2 * padding - kh) / stride) + 1;
  const width = Math.floor((w + 2 * padding - kw) / stride) + 1;
  if (x.shape.length !== 4 || weight.shape.length !== 4 || inner !== c || height < 1 || width < 1) {
    throw new SaltError(
      'GRAPH_INVALID',
      `No convolution of [${x.shape.join(', ')}] with [${weight.shape.join(', ')}].`,
    );
  }
  const shape = [n, out, height, width];
  return x.graph.emit(
    'Conv',
    bias ? [x, weight, bias] : [x, weight],
    { shape },
    attributes([kh, kw], options),
  );
}

/**
 * The adjoint of `conv` by x: x [N, O, H, W], weight [O, C, kh, kw] -> [N, C, H', W'].
 * @param extra rows and columns added at the bottom and right (`output_padding`), for strides that do not divide
 */
export function convTranspose(
  x: Value,
  weight: Value,
  options: ConvOptions = {},
  extra: readonly [rows: number, columns: number] = [0, 0],
): Value {
  const [n = 0, o = 0, h = 0, w = 0] = x.shape;
  const [outer = 0, c = 0, kh = 0, kw = 0] = weight.shape;
  const { stride = 1, padding = 0 } = options;
  if (x.shape.length !== 4 || weight.shape.length !== 4 || outer !== o) {
    throw new SaltError(
      'GRAPH_INVALID',
      `No transposed convolution of [${x.shape.join(', ')}] with [${weight.shape.join(', ')}].`,
    );
  }
  const shape = [
    n,
    c,
    (h - 1) * stride - 2 * padding + kh + extra[0],
    (w - 1) * stride - 2 * padding + kw + extra[1],
  ];
  return x.graph.emit(
    'ConvTranspose',
    [x, weight],
    { shape },
    { ...attributes([kh, kw], options), output_padding: { ints: extra } },
  );
}

/** Non-overlapping windows of `size` pixels. H and W must be multiples of it. */
function pool(op: string, x: Value, size: number): Value {
  const [n = 0, c = 0, h = 0, w = 0] = x.shape;
  if (h % size !== 0 || w % size !== 0) {
    throw new SaltError('GRAPH_INVALID', `${h} x ${w} pixels cannot be pooled by ${size} without a rest.`);
  }
  return x.graph.emit(
    op,
    [x],
    { shape: [n, c, h / size, w / size] },
    { kernel_shape: { ints: [size, size] }, strides: { ints: [size, size] } },
  );
}

export const maxPool = (x: Value, size: number): Value => pool('MaxPool', x, size);
export const averagePool = (x: Value, size: number): Value => pool('AveragePool', x, size);

/** Every pixel repeated `factor` times in both directions, x [N, C, H, W]. */
export function upsampleNearest(x: Value, factor: number): Value {
  const [n = 0, c = 0, h = 0, w = 0] = x.shape;
  const scales = x.graph.constant(Float32Array.of(1, 1, factor, factor), [4]);
  return x.graph.emit(
    'Resize',
    [x, undefined, scales],
    { shape: [n, c, h * factor, w * factor] },
    {
      mode: { string: 'nearest' },
      coordinate_transformation_mode: { string: 'asymmetric' },
      nearest_mode: { string: 'floor' },
    },
  );
}
