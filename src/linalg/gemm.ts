/** Any of the two float arrays: weights arrive as float32, all arithmetic is float64. */
export type Floats = Float32Array | Float64Array;

/** A matrix inside an array: element (i, j) is `data[offset + i * rowStride + j * colStride]`. */
export interface MatrixView {
  readonly data: Floats;
  readonly offset: number;
  readonly rowStride: number;
  readonly colStride: number;
}

/** A row-major matrix whose rows are `stride` elements apart. */
export function rowMajor(data: Floats, stride: number, offset = 0): MatrixView {
  return { data, offset, rowStride: stride, colStride: 1 };
}

/** The transpose of `rowMajor(data, stride, offset)`; nothing is moved. */
export function transposed(data: Floats, stride: number, offset = 0): MatrixView {
  return { data, offset, rowStride: 1, colStride: stride };
}

// Block sizes: a packed panel of 4 x DEPTH doubles (8 KB) stays in L1, a block of ROWS x DEPTH (192 KB) in L2.
const TILE = 4;
const DEPTH = 256;
const ROWS = 96;
const COLS = 512;

const packedLeft = new Float64Array(ROWS * DEPTH);
const packedRight = new Float64Array(COLS * DEPTH);
const edgeTile = new Float64Array(TILE * TILE);

/**
 * C += factor * A B, in float64, where A is m x k, B is k x n and C is m x n, row-major from `cOffset` with rows
 * `cStride` elements apart. With `upperOnly`, tiles wholly below C's diagonal are left alone (what lies
 * below the diagonal is then unspecified): half the work where the product is known to be symmetric.
 *
 * The order of the additions depends on the sizes alone, so that results repeat bit for bit.
 */
export function gemm(
  m: number,
  n: number,
  k: number,
  factor: number,
  a: MatrixView,
  b: MatrixView,
  c: Float64Array,
  cOffset: number,
  cStride: number,
  upperOnly = false,
): void {
  for (let k0 = 0; k0 < k; k0 += DEPTH) {
    const depth = Math.min(DEPTH, k - k0);
    for (let j0 = 0; j0 < n; j0 += COLS) {
      const cols = Math.min(COLS, n - j0);
      const bOffset = b.offset + k0 * b.rowStride + j0 * b.colStride;
      pack(b.data, bOffset, b.colStride, b.rowStride, cols, depth, 1, packedRight);
      const rowEnd = upperOnly ? Math.min(m, j0 + cols) : m;
      for (let i0 = 0; i0 < rowEnd; i0 += ROWS) {
        const rows = Math.min(ROWS, rowEnd - i0);
        const aOffset = a.offset + i0 * a.rowStride + k0 * a.colStride;
        pack(a.data, aOffset, a.rowStride, a.colStride, rows, depth, factor, packedLeft);
        multiplyPacked(
          rows,
          cols,
          depth,
          c,
          cOffset + i0 * cStride + j0,
          cStride,
          upperOnly ? i0 - j0 : -ROWS,
        );
      }
    }
  }
}

/** Copies `lines` rows (or columns) in groups of four, interleaved along the depth; the last group is padded with zeros. */
function pack(
  source: Floats,
  offset: number,
  lineStride: number,
  depthStride: number,
  lines: number,
  depth: number,
  factor: number,
  target: Float64Array,
): void {
  let to = 0;
  for (let line = 0; line < lines; line += TILE) {
    let at0 = offset + line * lineStride;
    if (line + TILE <= lines) {
      let at1 = at0 + lineStride;
      let at2 = at1 + lineStride;
      let at3 = at2 + lineStride;
      for (let p = 0; p < depth; p++) {
        target[to] = factor * source[at0]!;
        target[to + 1] = factor * source[at1]!;
        target[to + 2] = factor * source[at2]!;
        target[to + 3] = factor * source[at3]!;
        to += TILE;
        at0 += depthStride;
        at1 += depthStride;
        at2 += depthStride;
        at3 += depthStride;
      }
    } else {
      for (let p = 0; p < depth; p++) {
        for (let r = 0; r < TILE; r++) {
          target[to++] = line + r < lines ? factor * source[at0 + r * lineStride]! : 0;
        }
        at0 += depthStride;
      }
    }
  }
}

/** `diagonal`: row minus column of the block's first element; tiles whose every row exceeds every column are skipped. */
function multiplyPacked(
  rows: number,
  cols: number,
  depth: number,
  c: Float64Array,
  cOffset: number,
  cStride: number,
  diagonal: number,
): void {
  for (let j = 0; j < cols; j += TILE) {
    for (let i = 0; i < rows; i += TILE) {
      if (diagonal + i > j + TILE - 1) break;
      const at = cOffset + i * cStride + j;
      if (i + TILE <= rows && j + TILE <= cols) {
        multiplyTile(depth, i * depth, j * depth, c, at, cStride);
      } else {
        edgeTile.fill(0);
        multiplyTile(depth, i * depth, j * depth, edgeTile, 0, TILE);
        const width = Math.min(TILE, cols - j);
        for (let r = 0; r < Math.min(TILE, rows - i); r++) {
          for (let q = 0; q < width; q++) c[at + r * cStride + q]! += edgeTile[r * TILE + q]!;
        }
      }
    }
  }
}

/** One 4 x 4 tile: sixteen sums held in registers while the depth runs. */
function multiplyTile(
  depth: number,
  left: number,
  right: number,
  c: Float64Array,
  at: number,
  stride: number,
): void {
  const a = packedLeft;
  const b = packedRight;
  let c00 = 0,
    c01 = 0,
    c02 = 0,
    c03 = 0;
  let c10 = 0,
    c11 = 0,
    c12 = 0,
    c13 = 0;
  let c20 = 0,
    c21 = 0,
    c22 = 0,
    c23 = 0;
  let c30 = 0,
    c31 = 0,
    c32 = 0,
    c33 = 0;
  for (let p = 0; p < depth; p++) {
    const a0 = a[left]!;
    const a1 = a[left + 1]!;
    const a2 = a[left + 2]!;
    const a3 = a[left + 3]!;
    const b0 = b[right]!;
    const b1 = b[right + 1]!;
    const b2 = b[right + 2]!;
    const b3 = b[right + 3]!;
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3;
    c30 += a3 * b0;
    c31 += a3 * b1;
    c32 += a3 * b2;
    c33 += a3 * b3;
    left += TILE;
    right += TILE;
  }
  c[at]! += c00;
  c[at + 1]! += c01;
  c[at + 2]! += c02;
  c[at + 3]! += c03;
  at += stride;
  c[at]! += c10;
  c[at + 1]! += c11;
  c[at + 2]! += c12;
  c[at + 3]! += c13;
  at += stride;
  c[at]! += c20;
  c[at + 1]! += c21;
  c[at + 2]! += c22;
  c[at + 3]! += c23;
  at += stride;
  c[at]! += c30;
  c[at + 1]! += c31;
  c[at + 2]! += c32;
  c[at + 3]! += c33;
}
