/**
 * A 2 x 3 affine matrix, row by row: x' = a x + b y + c, y' = d x + e y + f. Coordinates are those of pixel
 * centres: the first pixel's centre is (0, 0).
 */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export const IDENTITY: Affine = [1, 0, 0, 0, 1, 0];

export function translation(x: number, y: number): Affine {
  return [1, 0, x, 0, 1, y];
}

export function scaling(x: number, y: number = x): Affine {
  return [x, 0, 0, 0, y, 0];
}

/** Rotation by an angle in radians; positive turns x towards y, which is clockwise on a screen. */
export function rotation(angle: number): Affine {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return [cos, -sin, 0, sin, cos, 0];
}

/** One matrix for several, the last applied first: `compose(a, b)` maps p to a(b(p)). */
export function compose(...matrices: readonly Affine[]): Affine {
  return matrices.reduce<Affine>(
    ([a, b, c, d, e, f], [p, q, r, s, t, u]) => [
      a * p + b * s,
      a * q + b * t,
      a * r + b * u + c,
      d * p + e * s,
      d * q + e * t,
      d * r + e * u + f,
    ],
    IDENTITY,
  );
}

/** @throws RangeError when the matrix flattens the plane. */
export function invert([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  if (!Number.isFinite(1 / determinant)) throw new RangeError('This affine matrix has no inverse.');
  return [
    e / determinant,
    -b / determinant,
    (b * f - c * e) / determinant,
    -d / determinant,
    a / determinant,
    (c * d - a * f) / determinant,
  ];
}
