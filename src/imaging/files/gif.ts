import { isPlausible } from '../limits.ts';
import { fromPalette } from './picture.ts';
import type { Picture } from './picture.ts';

/** The first image of a GIF (87a, 89a), on its screen. @throws Error when it is damaged. */
export function decodeGif(bytes: Uint8Array): Picture {
  const reader = new Reader(bytes, 6);
  const width = reader.word();
  const height = reader.word();
  if (!isPlausible(width * height, bytes.length))
    throw new Error(`its screen is ${width} x ${height} pixels`);
  const flags = reader.byte();
  const background = reader.byte();
  reader.byte();
  const screenPalette = flags & 0x80 ? reader.palette(flags & 7) : undefined;

  for (;;) {
    const block = reader.byte();
    if (block === 0x21) {
      reader.byte();
      reader.subBlocks();
    } else if (block === 0x2c) {
      const left = reader.word();
      const top = reader.word();
      const imageWidth = reader.word();
      const imageHeight = reader.word();
      const imageFlags = reader.byte();
      const palette = imageFlags & 0x80 ? reader.palette(imageFlags & 7) : screenPalette;
      if (!palette) throw new Error('it has no palette');
      if (left + imageWidth > width || top + imageHeight > height)
        throw new Error('its image overhangs its screen');
      const codeSize = reader.byte();
      const indices = decodeLzw(reader.subBlocks(), codeSize, imageWidth * imageHeight);
      const screen = new Uint8Array(width * height).fill(background);
      for (let row = 0; row < imageHeight; row++) {
        const y = imageFlags & 0x40 ? interlacedRow(row, imageHeight) : row;
        screen.set(indices.subarray(row * imageWidth, (row + 1) * imageWidth), (top + y) * width + left);
      }
      return fromPalette(width, height, screen, palette);
    } else {
      throw new Error(block === 0x3b ? 'it has no image' : `an unknown block 0x${block.toString(16)}`);
    }
  }
}

/** Where the `n`th stored row goes: every 8th, then the 4ths, 2nds and odd ones between. */
function interlacedRow(n: number, height: number): number {
  let left = n;
  for (const [start, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
  ] as const) {
    const rows = Math.max(0, Math.ceil((height - start) / step));
    if (left < rows) return start + left * step;
    left -= rows;
  }
  return 1 + left * 2;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new Error('it ends early');
    return value;
  }

  word(): number {
    const low = this.byte();
    return low | (this.byte() << 8);
  }

  /** `2 ** (size + 1)` colours. */
  palette(size: number): number[][] {
    return Array.from({ length: 2 ** (size + 1) }, () => [this.byte(), this.byte(), this.byte()]);
  }

  /** Data in blocks of at most 255 bytes, up to an empty one, joined. */
  subBlocks(): Uint8Array {
    const start = this.#at;
    let total = 0;
    for (let size = this.byte(); size > 0; size = this.byte()) {
      total += size;
      this.#at += size;
    }
    const out = new Uint8Array(total);
    let at = start;
    for (let o = 0; o < total;) {
      const size = this.#bytes[at] ?? 0;
      out.set(this.#bytes.subarray(at + 1, at + 1 + size), o);
      o += size;
      at += 1 + size;
    }
    return out;
  }
}

const MOST_CODES = 4096;

/** GIF's variable-length LZW (89a, appendix F): exactly `count` indices, or an error. */
function decodeLzw(data: Uint8Array, codeSize: number, count: number): Uint8Array {
  if (codeSize < 1 || codeSize > 11) throw new Error(`an LZW code size of ${codeSize}`);
  const clear = 1 << codeSize;
  const end = clear + 1;
  // Every code beyond the first is a shorter code and one more index.
  const prefix = new Uint16Array(MOST_CODES);
  const suffix = new Uint8Array(MOST_CODES);
  const length = new Uint16Array(MOST_CODES);
  for (let i = 0; i < clear; i++) {
    suffix[i] = i;
    length[i] = 1;
  }
  const out = new Uint8Array(count);
  let o = 0;
  let next = end + 1;
  let width = codeSize + 1;
  let previous = -1;
  let bits = 0;
  let held = 0;
  let at = 0;
  while (o < count) {
    while (held < width) {
      const byte = data[at++];
      if (byte === undefined) throw new Error('its image data ends early');
      bits |= byte << held;
      held += 8;
    }
    const code = bits & ((1 << width) - 1);
    bits >>>= width;
    held -= width;
    if (code === clear) {
      next = end + 1;
      width = codeSize + 1;
      previous = -1;
      continue;
    }
    if (code === end) throw new Error('its image data ends early');
    if (code > next || (code === next && previous < 0)) throw new Error('its image data is damaged');
    // A code not yet in the table repeats the previous one and its first index.
    const known = code < next ? code : previous;
    const size = (length[known] ?? 0) + (code < next ? 0 : 1);
    if (o + size > count) throw new Error('its image data is longer than its image');
    let walk = known;
    for (let i = o + (length[known] ?? 0) - 1; i >= o; i--) {
      out[i] = suffix[walk] ?? 0;
      walk = prefix[walk] ?? 0;
    }
    const first = out[o] ?? 0;
    if (code >= next) out[o + size - 1] = first;
    o += size;
    if (previous >= 0 && next < MOST_CODES) {
      prefix[next] = previous;
      suffix[next] = first;
      length[next] = (length[previous] ?? 0) + 1;
      next++;
      if (next === 1 << width && width < 12) width++;
    }
    previous = code;
  }
  return out;
}
