/**
 * Takes the rim of a painted structure out of what counts: a brush is mostly wider than what it paints, and a model that has
 * seen exact masks knows better where a structure ends than a hand does. What lies beside the paint is background all the same,
 * or masks grow wider still. What is too thin to have a middle inside its rim counts whole.
 * @param mask [side, side], 0 or 1
 * @param valid of the same shape; set to 0 in the outermost pixel of the paint
 */
export function forgiveEdge(mask: Float32Array, valid: Float32Array, side: number): void {
  const middle = new Uint8Array(side * side);
  const rim: number[] = [];
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] !== 1) continue;
    if (around(at, side).every((other) => mask[other] === 1)) middle[at] = 1;
    else rim.push(at);
  }
  for (const at of rim) if (around(at, side).some((other) => middle[other] === 1)) valid[at] = 0;
}

/** The eight neighbours of a pixel, fewer at the border. */
function around(at: number, side: number): number[] {
  const [x, y] = [at % side, Math.floor(at / side)];
  const all: number[] = [];
  for (let v = Math.max(0, y - 1); v <= Math.min(side - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(side - 1, x + 1); u++) {
      if (u !== x || v !== y) all.push(v * side + u);
    }
  }
  return all;
}
