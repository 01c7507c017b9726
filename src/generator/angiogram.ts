import type { Frame, Mask } from '../imaging/frame.ts';
import { createRandom } from '../protocol/random.ts';
import type { Random } from '../protocol/random.ts';
import { growTree } from './vessel-tree.ts';
import type { VesselPiece } from './vessel-tree.ts';

export interface GeneratedFrame {
  readonly frame: Frame;
  readonly mask: Mask;
}

/**
 * A drawn X-ray angiogram: dark contrast in a branching vessel over soft-tissue shadows and quantum noise. It is
 * made for trying the program and its tests, not for teaching a model what patients look like.
 * @param seed equal seeds give equal pictures
 * @param size side in pixels
 */
export function generateAngiogram(seed: number, size: number): GeneratedFrame {
  const random = createRandom(seed);
  const scale = size / 256;
  const pieces = growTree(random, {
    size,
    trunkRadius: (3 + 2.5 * random.uniform()) * scale,
    leastRadius: 0.7,
  });
  const depth = contrastDepth(pieces, size);
  const pixels = background(random, size);
  const data = new Uint8Array(size * size);
  const attenuation = 0.06 + 0.04 * random.uniform();
  const noise = 4 + 4 * random.uniform();
  for (let i = 0; i < pixels.length; i++) {
    const thickness = depth[i] ?? 0;
    data[i] = thickness > 0 ? 1 : 0;
    // Beer-Lambert: the beam is weakened by the thickness of contrast that it crosses.
    const value = (pixels[i] ?? 0) * Math.exp((-attenuation / scale) * thickness) + noise * random.normal();
    pixels[i] = Math.min(255, Math.max(0, value));
  }
  return {
    frame: {
      width: size,
      height: size,
      channels: 1,
      pixels,
      source: { file: `generated-${seed}`, frameNumber: 1 },
      intensity: 'drawn in 0..255',
    },
    mask: { width: size, height: size, data },
  };
}

/** Length of the beam's way through contrast at each pixel, in pixels: 2 sqrt(r^2 - d^2) of the nearest piece. */
function contrastDepth(pieces: readonly VesselPiece[], size: number): Float32Array {
  const depth = new Float32Array(size * size);
  for (const { x0, y0, x1, y1, radius } of pieces) {
    const [left, right] = [Math.floor(Math.min(x0, x1) - radius), Math.ceil(Math.max(x0, x1) + radius)];
    const [top, bottom] = [Math.floor(Math.min(y0, y1) - radius), Math.ceil(Math.max(y0, y1) + radius)];
    const [dx, dy] = [x1 - x0, y1 - y0];
    for (let y = Math.max(0, top); y <= Math.min(size - 1, bottom); y++) {
      for (let x = Math.max(0, left); x <= Math.min(size - 1, right); x++) {
        const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)));
        const off = Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
        if (off >= radius) continue;
        const i = y * size + x;
        depth[i] = Math.max(depth[i] ?? 0, 2 * Math.sqrt(radius * radius - off * off));
      }
    }
  }
  return depth;
}

/** Broad shadows: a sum of soft blobs on an even field. */
function background(random: Random, size: number): Float32Array {
  const pixels = new Float32Array(size * size).fill(150 + 40 * random.uniform());
  for (let blob = 0; blob < 12; blob++) {
    const [x, y] = [size * random.uniform(), size * random.uniform()];
    const radius = size * (0.1 + 0.25 * random.uniform());
    const strength = 50 * (random.uniform() - 0.6);
    for (let i = 0; i < pixels.length; i++) {
      const distance2 = ((i % size) - x) ** 2 + (Math.floor(i / size) - y) ** 2;
      pixels[i] = (pixels[i] ?? 0) + strength * Math.exp(-distance2 / (2 * radius * radius));
    }
  }
  return pixels;
}
