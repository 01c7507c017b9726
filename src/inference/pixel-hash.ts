import type { Mask } from '../imaging/frame.ts';
import type { Raster } from '../imaging/geometry.ts';

/**
 * Tells frames apart by what they show, so that the same picture loaded twice is recognised. Two 32-bit
 * multiplicative hashes (FNV-1a over words, two offsets): a chance of about 2^-64 that two frames are mixed up; not
 * for secrets.
 */
export function pixelHash({ pixels, width, height, channels }: Raster, fieldOfView?: Mask): string {
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length);
  const head = Uint32Array.of(width, height, channels, fieldOfView ? 1 : 0);
  let state = add([0x811c9dc5, 0x9e3779b9], head);
  state = add(state, words);
  if (fieldOfView) state = add(state, fieldOfView.data);
  return state.map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

type State = readonly [number, number];

function add([a, b]: State, words: Uint32Array | Uint8Array): State {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    a = Math.imul(a ^ word, 0x01000193);
    b = Math.imul(b ^ word, 0x85ebca6b);
    // Multiplication carries upwards only: high bits, where float pixels differ, are folded back down.
    a ^= a >>> 15;
    b ^= b >>> 13;
  }
  return [a, b];
}
