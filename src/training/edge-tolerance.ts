/**
 * Takes the edge of a painted structure out of what counts: a brush is seldom as wide as what it paints, and a model that has
 * seen exact masks knows better where a structure ends than a hand does. What is too thin to have a middle beside its edge
 * counts whole.
 * @param mask [side, side], 0 or 1
 * @param valid of the same shape; set to 0 within a pixel of the edge, on both sides of it
 */
export function forgiveEdge(mask: Float32Array, valid: Float32Array, side: number): void {
  const alike = (x: number, y: number, value: number): boolean => {
    for (let v = Math.max(0, y - 1); v <= Math.min(side - 1, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(side - 1, x + 1); u++) {
        if (mask[v * side + u] !== value) return false;
      }
    }
    return true;
  };
  const middle = new Uint8Array(side * side);
  const edge: number[] = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = y * side + x;
      const value = mask[at] ?? 0;
      if (alike(x, y, value)) middle[at] = value;
      else edge.push(at);
    }
  }
  for (const at of edge) {
    if (mask[at] !== 1 || isBeside(middle, at, side)) valid[at] = 0;
  }
}

/** Whether a pixel or one of its eight neighbours is set. */
function isBeside(middle: Uint8Array, at: number, side: number): boolean {
  const [x, y] = [at % side, Math.floor(at / side)];
  for (let v = Math.max(0, y - 1); v <= Math.min(side - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(side - 1, x + 1); u++) {
      if (middle[v * side + u] === 1) return true;
    }
  }
  return false;
}
