/** The three colours of light that reach the camera, each a square plane in 0..255 (before clipping). */
export interface Light {
  readonly red: Float32Array;
  readonly green: Float32Array;
  readonly blue: Float32Array;
}

/** Multiplies each plane by 1 + its share of the field, in place; values never fall below 0. */
export function modulate(
  { red, green, blue }: Light,
  field: Float32Array,
  [redShare, greenShare, blueShare]: readonly [number, number, number],
): void {
  for (let i = 0; i < field.length; i++) {
    const value = field[i] ?? 0;
    if (value === 0) continue;
    red[i] = (red[i] ?? 0) * Math.max(0, 1 + redShare * value);
    green[i] = (green[i] ?? 0) * Math.max(0, 1 + greenShare * value);
    blue[i] = (blue[i] ?? 0) * Math.max(0, 1 + blueShare * value);
  }
}

/** 0 below -1, 1 above 1, smooth between. */
export function softStep(at: number): number {
  const t = Math.min(1, Math.max(0, 0.5 + 0.5 * at));
  return t * t * (3 - 2 * t);
}
