import type { Random } from '../../protocol/random.ts';
import { between, chance } from '../draw/draws.ts';
import type { XrayLook } from './look.ts';

/** Digits 0 to 9 and L, R, A, P as rows of three dots, five rows, the first dot the highest bit. */
const GLYPHS = [
  0b111101101101111, 0b010110010010111, 0b111001111100111, 0b111001111001111, 0b101101111001001,
  0b111100111001111, 0b111100111101111, 0b111001001001001, 0b111101111101111, 0b111101111001111,
  0b100100100100111, 0b110101110101101, 0b010101111101101, 0b110101110100100,
];

/** Writing and rulers that the machine lays over the picture. */
export function addOverlay(random: Random, look: XrayLook, image: Float32Array, size: number): void {
  const level = chance(random, 0.85) ? between(random, 200, 255) : between(random, 0, 40);
  if (chance(random, 0.16 * look.disturbance)) {
    const lines = 1 + random.integer(4);
    const scale = Math.max(1, Math.round((size / 512) * between(random, 1, 4)));
    const left = chance(random, 0.5) ? 4 * scale : size - between(random, 20, 60) * scale;
    const top = chance(random, 0.5) ? 4 * scale : size - 8 * scale * lines;
    for (let line = 0; line < lines; line++) {
      const letters = 1 + random.integer(12);
      for (let letter = 0; letter < letters; letter++) {
        addGlyph(
          random,
          image,
          size,
          Math.round(left + 4 * scale * letter),
          Math.round(top + 7 * scale * line),
          scale,
          level,
        );
      }
    }
  }
  if (chance(random, 0.04 * look.disturbance)) addGrid(random, image, size, level);
}

function addGlyph(
  random: Random,
  image: Float32Array,
  size: number,
  left: number,
  top: number,
  scale: number,
  level: number,
): void {
  const dots = GLYPHS[random.integer(GLYPHS.length)] ?? 0;
  for (let dot = 0; dot < 15; dot++) {
    if (((dots >> (14 - dot)) & 1) === 0) continue;
    const [x0, y0] = [left + scale * (dot % 3), top + scale * Math.floor(dot / 3)];
    for (let y = Math.max(0, y0); y < Math.min(size, y0 + scale); y++) {
      for (let x = Math.max(0, x0); x < Math.min(size, x0 + scale); x++) image[y * size + x] = level;
    }
  }
}

function addGrid(random: Random, image: Float32Array, size: number, level: number): void {
  const gap = Math.round(size * between(random, 0.06, 0.25));
  const phase = random.integer(gap);
  const strength = between(random, 0.15, 0.8);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      if ((x + phase) % gap === 0 || (y + phase) % gap === 0)
        image[i] = (1 - strength) * (image[i] ?? 0) + strength * level;
    }
  }
}
