/** Case, surrounding and repeated white space, and ways to write one character make no difference. */
export function normalisePhrase(phrase: string): string {
  return phrase.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase();
}

/** The 32-bit FNV-1a hash (Fowler, Noll, Vo) of a text's UTF-8 bytes. */
export function fnv1a(text: string, basis = 0x811c9dc5): number {
  return (
    new TextEncoder().encode(text).reduce((state, byte) => Math.imul(state ^ byte, 0x01000193), basis) >>> 0
  );
}
