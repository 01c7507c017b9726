/** Labels of one frame, row-major; 0 where nothing is painted. */
export type Labels = Uint8Array | Uint16Array;

const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
/** 2^32 over the golden ratio: spreads positions over all bits. */
const SPREAD = 0x9e3779b1 | 0;

/**
 * A number that tells whether anything painted on a frame has changed, without a copy of it; 0 where nothing is painted.
 * A series of a hundred frames is looked through after every stroke, so four bytes are taken together and empty ones
 * skipped.
 *
 * @param layers where segments overlap: labels of one frame in several labelmaps, always in the same order
 */
export function fingerprint(layers: readonly Labels[]): number {
  let hash = SEED;
  let last = hash;
  let any = false;
  for (const labels of layers) {
    hash = mix(wordsOf(labels), hash);
    any ||= hash !== last;
    // So that the same pixels in another layer are told apart.
    hash = last = Math.imul(hash ^ SPREAD, PRIME);
  }
  return any ? hash >>> 0 || 1 : 0;
}

/** Whether any pixel has a label. */
export function isPainted(labels: Labels): boolean {
  const words = wordsOf(labels);
  for (let at = 0; at < words.length; at++) if (words[at] !== 0) return true;
  return false;
}

/** All in local variables of one kind: this runs over a hundred million pixels. */
function mix(words: Uint32Array, seed: number): number {
  let hash = seed | 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]! | 0;
    if (word === 0) continue;
    hash = Math.imul(hash ^ word ^ Math.imul(at + 1, SPREAD), PRIME);
    hash ^= hash >>> 15;
  }
  return hash;
}

/** Four bytes at a time; the viewer's own memory where it can be read so, else a copy, filled up with zeros. */
function wordsOf(labels: Labels): Uint32Array {
  const { buffer, byteOffset, byteLength } = labels;
  const isWhole = byteOffset % 4 === 0 && byteLength % 4 === 0;
  if (isWhole) return new Uint32Array(buffer, byteOffset, byteLength / 4);
  const copy = new Uint8Array(Math.ceil(byteLength / 4) * 4);
  copy.set(new Uint8Array(buffer, byteOffset, byteLength));
  return new Uint32Array(copy.buffer);
}
