import { interleave } from './image.ts';

/**
 * DICOM RLE (PS3.5 annex G): one PackBits segment per byte plane, most significant first, sample by sample.
 *
 * @param encoded one frame: the header of 64 bytes and its segments.
 * @param pixels pixels in the frame.
 * @returns little-endian samples, interleaved, `pixels * components * bytesPerSample` bytes.
 * @throws Error when the header or a segment does not fit the frame.
 */
export function decodeRle(
  encoded: Uint8Array,
  pixels: number,
  components: number,
  bytesPerSample: number,
): Uint8Array {
  if (encoded.length < 64) throw new Error('it ends inside the RLE header');
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== components * bytesPerSample) {
    throw new Error(`${segments} RLE segments where ${components * bytesPerSample} are due`);
  }
  const planes = new Uint8Array(pixels * components * bytesPerSample);
  const plane = new Uint8Array(pixels);
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + segment * 4, true);
    const end = segment + 1 < segments ? view.getUint32(8 + segment * 4, true) : encoded.length;
    if (start < 64 || end < start || end > encoded.length)
      throw new Error('an RLE segment lies outside the frame');
    unpackBits(encoded.subarray(start, end), plane);
    const component = Math.floor(segment / bytesPerSample);
    const byte = bytesPerSample - 1 - (segment % bytesPerSample);
    const base = component * pixels * bytesPerSample + byte;
    for (let i = 0; i < pixels; i++) planes[base + i * bytesPerSample] = plane[i] ?? 0;
  }
  return components === 1 ? planes : interleave(planes, components, bytesPerSample);
}

/** Apple's PackBits, into an array that the segment must fill. */
function unpackBits(packed: Uint8Array, out: Uint8Array): void {
  let i = 0;
  let o = 0;
  while (o < out.length) {
    const control = packed[i++];
    if (control === undefined) throw new Error('an RLE segment ends early');
    if (control === 128) continue;
    if (control < 128) {
      const count = Math.min(control + 1, out.length - o);
      if (i + count > packed.length) throw new Error('an RLE segment ends early');
      out.set(packed.subarray(i, i + count), o);
      i += control + 1;
      o += count;
    } else {
      const value = packed[i++];
      if (value === undefined) throw new Error('an RLE segment ends early');
      const count = Math.min(257 - control, out.length - o);
      out.fill(value, o, o + count);
      o += count;
    }
  }
}
