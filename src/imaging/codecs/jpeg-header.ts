/** What a JPEG or JPEG-LS stream says of itself before its first scan (ITU-T T.81 B.2, T.87 C.2). */
export interface JpegHeader {
  /** The start-of-frame marker's low byte: 0xc0 baseline, 0xc1 extended, 0xc2 progressive, 0xc3 lossless, 0xf7 JPEG-LS. */
  readonly process: number;
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly hasJfif: boolean;
  /** Adobe's colour transform (0 none, 1 YCbCr, 2 YCCK), where the stream has that marker. */
  readonly adobeTransform: number | undefined;
}

/** @throws Error when the bytes are not such a stream or end before the frame header. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new Error('no JPEG start-of-image marker');
  const word = (at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  let hasJfif = false;
  let adobeTransform: number | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new Error(`no JPEG marker at byte ${at}`);
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = word(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) throw new Error('it ends inside a JPEG header');
    const isFrame =
      (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7;
    if (isFrame) {
      if (length < 8) throw new Error('a JPEG frame header is too short');
      const body = at + 4;
      return {
        process: marker,
        precision: bytes[body] ?? 0,
        height: word(body + 1),
        width: word(body + 3),
        components: bytes[body + 5] ?? 0,
        hasJfif,
        adobeTransform,
      };
    }
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 9));
    if (marker === 0xe0 && name.startsWith('JFIF')) hasJfif = true;
    if (marker === 0xee && name === 'Adobe' && length >= 14) adobeTransform = bytes[at + 15];
    if (marker === 0xda) break;
    at += 2 + length;
  }
  throw new Error('it has no JPEG frame header');
}

/** The same stream with Adobe's marker in front, so that the decoder leaves its three components as they are. */
export function withoutColourTransform(bytes: Uint8Array): Uint8Array {
  const adobe = [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0];
  const out = new Uint8Array(bytes.length + adobe.length);
  out.set(bytes.subarray(0, 2));
  out.set(adobe, 2);
  out.set(bytes.subarray(2), 2 + adobe.length);
  return out;
}
