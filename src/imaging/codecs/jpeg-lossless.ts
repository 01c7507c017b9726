import { Decoder } from 'jpeg-lossless-decoder-js';
import type { CodecImage } from './wasm.ts';
import type { JpegHeader } from './jpeg-header.ts';

/**
 * JPEG Lossless, process 14 (ITU-T T.81 annex H), grey up to 16 bits or colour of 8.
 *
 * @throws Error when the stream is damaged or ends early.
 */
export function decodeJpegLossless(encoded: Uint8Array, header: JpegHeader): CodecImage {
  const { width, height, components, precision } = header;
  if (components !== 1 && !(components === 3 && precision <= 8)) {
    throw new Error(`lossless JPEG with ${components} components of ${precision} bits is not supported`);
  }
  const decoder = new Decoder();
  const copy = new Uint8Array(encoded);
  const samples: Uint8Array | Uint16Array | null = decoder.decode(
    copy.buffer,
    0,
    copy.length,
    precision > 8 ? 2 : 1,
  );
  if (!samples || samples.length !== width * height * components) throw new Error('no image in it');
  // The decoder reads zeros past the end: a whole stream is one that it did not have to read past.
  if (decoder.yLoc < height || (decoder.stream?.index ?? 0) > copy.length) throw new Error('it ends early');
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return { width, height, components, bits: precision, bytes };
}
