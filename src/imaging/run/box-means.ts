/** One number for each pixel. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  /** Row-major, `height * width`. */
  readonly values: Float32Array;
}

/** Means over the `2 * radius + 1` pixels around in both directions, the edge being repeated. */
export function boxMeans(plane: Plane, radius: number): Float32Array {
  const { width, height } = plane;
  return meansOfColumns({ width, height, values: meansOfRows(plane, radius) }, radius);
}

/** A sum that moves along each row. */
function meansOfRows({ width, height, values }: Plane, radius: number): Float32Array {
  const out = new Float32Array(values.length);
  const count = 2 * radius + 1;
  const wide = new Float32Array(width + count);
  for (let y = 0; y < height; y++) {
    const row = values.subarray(y * width, (y + 1) * width);
    wide.fill(row[0]!, 0, radius + 1);
    wide.set(row, radius + 1);
    wide.fill(row[width - 1]!, radius + 1 + width);
    let sum = 0;
    for (let i = 0; i < count; i++) sum += wide[i]!;
    for (let x = 0, o = y * width; x < width; x++, o++) {
      sum += wide[x + count]! - wide[x]!;
      out[o] = sum / count;
    }
  }
  return out;
}

/** A row of sums that moves down: along columns, memory would be read here and there. */
function meansOfColumns({ width, height, values }: Plane, radius: number): Float32Array {
  const out = new Float32Array(values.length);
  const count = 2 * radius + 1;
  const sums = new Float64Array(width);
  const rowAt = (y: number): number => Math.max(0, Math.min(height - 1, y)) * width;
  for (let y = -radius - 1; y < radius; y++) {
    const row = rowAt(y);
    for (let x = 0; x < width; x++) sums[x]! += values[row + x]!;
  }
  for (let y = 0; y < height; y++) {
    const [entering, leaving] = [rowAt(y + radius), rowAt(y - radius - 1)];
    for (let x = 0, o = y * width; x < width; x++, o++) {
      sums[x]! += values[entering + x]! - values[leaving + x]!;
      out[o] = sums[x]! / count;
    }
  }
  return out;
}
