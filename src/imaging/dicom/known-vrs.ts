/** Of two bytes, behind which lie two that are reserved and a length of four (PS3.5 7.1.2). */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
/** Those that the parser takes for short ones, and then loses its way. */
const UNKNOWN = new Set(['OV', 'SV', 'UV']);
/** Of items and their delimiters, which have no representation. */
const DELIMITERS = 0xfffe;
const UNDEFINED_LENGTH = 0xffffffff;

/**
 * A data set in Explicit VR Little Endian that dicom-parser can read: where there are 64-bit values, which it does not know, in a
 * copy that calls them OB, which is laid out alike.
 * @param start of the data set, behind the file's meta information
 */
export function withKnownVrs(bytes: Uint8Array, start: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let patched: Uint8Array | undefined;
  let at = start;
  // Sequences and items are entered, so that all elements come one after another.
  while (at + 12 <= bytes.length) {
    if (view.getUint16(at, true) === DELIMITERS) {
      at += 8;
      continue;
    }
    const vr = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5));
    // What is no element here is left for the parser to judge.
    if (!/^[A-Z]{2}$/u.test(vr)) break;
    if (!LONG.has(vr)) {
      at += 8 + view.getUint16(at + 6, true);
      continue;
    }
    const length = view.getUint32(at + 8, true);
    if (UNKNOWN.has(vr)) {
      patched ??= new Uint8Array(bytes);
      patched.set([0x4f, 0x42], at + 4);
    }
    if (vr === 'SQ') at += 12;
    // Compressed pixels come last, and what is unknown and of unknown length is written otherwise.
    else if (length === UNDEFINED_LENGTH) break;
    else at += 12 + length;
  }
  return patched ?? bytes;
}
