const [SOS, EOI] = [0xda, 0xd9];

/**
 * Follows a JPEG-LS stream from marker to marker (ITU-T T.87 C.1) to its end-of-image marker: CharLS spins for half
 * a minute, out of reach, on streams that end before theirs.
 *
 * @throws Error when the stream does not get there.
 */
export function expectEndOfImage(bytes: Uint8Array): void {
  let at = 2;
  while (at + 1 < bytes.length) {
    const marker = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff || marker < 0x80) throw new Error(`no JPEG marker at byte ${at}`);
    if (marker === EOI) return;
    if (marker === 0xff) {
      at++;
      continue;
    }
    at += 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
    if (marker === SOS) at = endOfScan(bytes, at);
  }
  throw new Error('it ends early');
}

/** A scan's coded data go on to the next marker: within them the byte after 0xff is below 0x80. */
function endOfScan(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && !(bytes[at] === 0xff && (bytes[at + 1] ?? 0) >= 0x80)) at++;
  return at;
}
