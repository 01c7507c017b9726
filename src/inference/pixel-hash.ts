import type { Mask } from '../imaging/frame.ts';
import type { Raster } from '../imaging/geometry.ts';

/**
 * Tells frames apart by what they show, so that the same picture loaded twice is recognised. Two 32-bit
 * multiplicative hashes (FNV-1a over words, two offsets): a chance of 2^-64 that two frames are mixed up; not for
 * secrets.
 */
export function pixelHash(raster: Raster, fieldOfView?: Mask): string {
  const { pixels, width, height, channels } = raster;
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length);
  const hash = new Hash();
  for (const size of [width, height, channels]) hash.add(size);
  hash.addAll(words);
  hash.add(fieldOfView ? 1 : 0);
  if (fieldOfView) hash.addAll(fieldOfView.data);
  return hash.text();
}

class Hash {
  #a = 0x811c9dc5;
  #b = 0x9e3779b9;

  add(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x01000193);
    this.#b = Math.imul(this.#b ^ word, 0x85ebca6b);
    // Multiplication carries upwards only: high bits, where float pixels differ, are folded back down.
    this.#a ^= this.#a >>> 15;
    this.#b ^= this.#b >>> 13;
  }

  addAll(words: Uint32Array | Uint8Array): void {
    for (const word of words) this.add(word);
  }

  text(): string {
    return [this.#a, this.#b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
