import { invalid } from './invalid.ts';

/** Python's pickle arguments, one after another, never beyond the bytes that are there. */
export class PickleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.byteLength - this.#at;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** Big-endian, alone among pickle's numbers. */
  float64(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** Two's complement, little-endian; a bigint only where a number would not be exact. */
  integer(length: number): number | bigint {
    const start = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(this.#view.getUint8(start + i));
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  text(length: number): string {
    const start = this.#take(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        this.#bytes.subarray(start, start + length),
      );
    } catch {
      throw invalid('A string in the pickle is not valid UTF-8.');
    }
  }

  /** Up to the next line feed, which is consumed. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw invalid('The pickle ends in the middle of a name.');
    const text = this.text(end - this.#at);
    this.#at += 1;
    return text;
  }

  #take(length: number): number {
    if (length > this.left) throw invalid('The pickle ends in the middle of an instruction.');
    this.#at += length;
    return this.#at - length;
  }
}
