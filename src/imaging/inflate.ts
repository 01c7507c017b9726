/**
 * Inflates a deflate stream, giving up as soon as the result exceeds a limit: a small file may hold a stream that
 * grows a thousandfold.
 *
 * @param format `deflate-raw` has no header (DICOM), `deflate` is zlib's (PNG, TIFF).
 * @returns the inflated bytes, or undefined when there are more than `limit`.
 * @throws Error when the stream is damaged or ends early.
 */
export async function inflate(
  bytes: Uint8Array,
  format: 'deflate' | 'deflate-raw',
  limit: number,
): Promise<Uint8Array | undefined> {
  const stream = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(new DecompressionStream(format));
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}
