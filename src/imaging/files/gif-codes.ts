const MOST_CODES = 4096;

/**
 * Follows the codes of a GIF image (89a, appendix F) without unpacking them. omggif loops for ever on a code that
 * is used before it is defined, and only prints when the data do not fill the image.
 *
 * @param at where the image data begin, with the code size; their blocks are known to lie within `bytes`.
 * @param count indices that the image holds.
 * @param colours in its palette.
 * @throws Error when the codes do not give exactly that many indices, or one beyond the palette.
 */
export function expectSoundCodes(bytes: Uint8Array, at: number, count: number, colours: number): void {
  const codeSize = bytes[at] ?? 0;
  if (codeSize < 2 || codeSize > 8) throw new Error(`an LZW code size of ${codeSize}`);
  const clear = 1 << codeSize;
  /** Indices that each code beyond `clear` stands for. */
  const lengths = new Uint16Array(MOST_CODES);
  let next = clear + 2;
  let width = codeSize + 1;
  let previous = 0;
  let bits = 0;
  let held = 0;
  let found = 0;
  for (const byte of blockBytes(bytes, at + 1)) {
    bits |= byte << held;
    held += 8;
    while (held >= width && found < count) {
      const code = bits & ((1 << width) - 1);
      bits >>>= width;
      held -= width;
      if (code === clear) {
        next = clear + 2;
        width = codeSize + 1;
        previous = 0;
        continue;
      }
      if (code === clear + 1) throw new Error('its image data ends early');
      if (code > next || (code === next && previous === 0)) throw new Error('its image data is damaged');
      if (code < clear && code >= colours)
        throw new Error(`a pixel has colour ${code} of a palette of ${colours}`);
      if (previous > 0 && next < MOST_CODES) {
        lengths[next] = previous + 1;
        next++;
        if (next === 1 << width && width < 12) width++;
      }
      previous = code < clear ? 1 : (lengths[code] ?? 0);
      found += previous;
    }
  }
  if (found !== count) throw new Error(`its image data has ${found} of ${count} pixels`);
}

/** The bytes of blocks of at most 255, up to an empty one. */
function* blockBytes(bytes: Uint8Array, start: number): Generator<number> {
  let at = start;
  for (let size = bytes[at] ?? 0; size > 0; size = bytes[at] ?? 0) {
    yield* bytes.subarray(at + 1, at + 1 + size);
    at += 1 + size;
  }
}
