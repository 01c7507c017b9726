import type { Mask } from './frame.ts';

/** Without connected pieces (8 neighbours) of fewer than `least` pixels. */
export function dropSmallComponents(mask: Mask, least: number): Mask {
  const { width, height } = mask;
  const data = Uint8Array.from(mask.data);
  const seen = new Uint8Array(data.length);
  const stack = new Int32Array(data.length);
  for (let seed = 0; seed < data.length; seed++) {
    if (data[seed] !== 1 || seen[seed] === 1) continue;
    // The stack never shrinks: once the piece is exhausted, it lists its pixels.
    let end = 0;
    stack[end++] = seed;
    seen[seed] = 1;
    for (let next = 0; next < end; next++) {
      const at = stack[next] ?? 0;
      const x = at % width;
      const y = (at - x) / width;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const neighbour = v * width + u;
          if (data[neighbour] === 1 && seen[neighbour] === 0) {
            seen[neighbour] = 1;
            stack[end++] = neighbour;
          }
        }
      }
    }
    if (end < least) for (let i = 0; i < end; i++) data[stack[i] ?? 0] = 0;
  }
  return { width, height, data };
}
