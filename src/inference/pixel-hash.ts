import type { Mask } from '../imaging/frame.ts';
import type { Raster } from '../imaging/geometry.ts';

/** Tells frames apart by what they show, so that the same picture loaded twice is recognised. */
export function pixelHash({ pixels, width, height, channels }: Raster, fieldOfView?: Mask): string {
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length);
  const head = Uint32Array.of(width, height, channels, fieldOfView ? 1 : 0);
  return hashOf([head, words, ...(fieldOfView ? [fieldOfView.data] : [])]);
}

export type HashedPart = Uint32Array | Uint8Array;

/**
 * Of the parts as they follow each other. Two 32-bit multiplicative hashes (FNV-1a over words, two offsets): a chance of about
 * 2^-64 that two are mixed up; not for secrets.
 */
export function hashOf(parts: readonly HashedPart[]): string {
  const state = parts.reduce<State>(add, [0x811c9dc5, 0x9e3779b9]);
  return state.map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

type State = readonly [number, number];

function add([a, b]: State, words: HashedPart): State {
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
