import { isPlausible } from '../limits.ts';
import { unpackRows } from './picture.ts';
import type { Picture } from './picture.ts';

/** PBM, PGM and PPM, plain and binary (`P1` to `P6`). @throws Error when it is damaged. */
export function decodePnm(bytes: Uint8Array): Picture {
  const kind = (bytes[1] ?? 0) - 0x30;
  const reader = new TokenReader(bytes, 2);
  const width = reader.number();
  const height = reader.number();
  const isBitmap = kind === 1 || kind === 4;
  const white = isBitmap ? 1 : reader.number();
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  if (white < 1 || white > 65535) throw new Error(`its largest value is ${white}`);
  const count = width * height * channels;
  if (!isPlausible(count, bytes.length)) throw new Error(`it declares ${width} x ${height} pixels`);

  let values: Uint8Array | Uint16Array;
  if (kind <= 3) {
    // Plain: at least a digit each.
    if (count > bytes.length) throw new Error('it ends inside its pixels');
    values = new Uint16Array(count);
    for (let i = 0; i < count; i++) values[i] = isBitmap ? reader.digit() : reader.number();
  } else {
    const start = reader.at + 1;
    const size = isBitmap ? Math.ceil(width / 8) * height : count * (white > 255 ? 2 : 1);
    if (start + size > bytes.length) throw new Error('it ends inside its pixels');
    const data = bytes.subarray(start, start + size);
    if (isBitmap) values = unpackRows(data, width, height, 1);
    else if (white <= 255) values = new Uint8Array(data);
    else {
      values = new Uint16Array(count);
      for (let i = 0; i < count; i++) values[i] = ((data[2 * i] ?? 0) << 8) | (data[2 * i + 1] ?? 0);
    }
  }
  for (let i = 0; i < count; i++) {
    const value = values[i] ?? 0;
    if (value > white) throw new Error(`a pixel has value ${value} of ${white}`);
    // In bitmaps 1 is black.
    if (isBitmap) values[i] = 1 - value;
  }
  return { width, height, channels, values, white };
}

/** Numbers in ASCII, between white space and comments. */
class TokenReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  number(): number {
    this.#skipSpace();
    let value = 0;
    const start = this.at;
    for (let digit = this.#digitHere(); digit !== undefined; digit = this.#digitHere()) {
      value = value * 10 + digit;
      this.at++;
      if (value > 2 ** 31) throw new Error('a number is too large');
    }
    if (this.at === start) throw new Error('a number is missing');
    return value;
  }

  /** Plain bitmaps may leave out the spaces. */
  digit(): number {
    this.#skipSpace();
    const digit = this.#digitHere();
    if (digit === undefined) throw new Error('a number is missing');
    this.at++;
    return digit;
  }

  #digitHere(): number | undefined {
    const digit = (this.#bytes[this.at] ?? 0) - 0x30;
    return digit >= 0 && digit <= 9 ? digit : undefined;
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.at];
      if (byte === 0x23) {
        while (this.at < this.#bytes.length && this.#bytes[this.at] !== 0x0a) this.at++;
      } else if (byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13)) {
        this.at++;
      } else {
        return;
      }
    }
  }
}
