/** What a JPEG-LS scan is coded with (ITU-T T.87 A.2.1, C.2.4.1.1). */
export interface JpegLsParameters {
  /** Largest sample value. */
  readonly maximum: number;
  /** Largest error that near-lossless coding may make; 0 is lossless. */
  readonly near: number;
  /** Thresholds of the gradients. */
  readonly t1: number;
  readonly t2: number;
  readonly t3: number;
  /** After how many samples a context forgets half. */
  readonly reset: number;
}

/** Contexts of the regular mode, then the two of run interruption. */
const RUN_CONTEXT = 365;
/** T.87 A.2.1: how long a run each step of the run index stands for, as a power of two. */
// prettier-ignore
const J = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/** No sound stream needs a longer code: 64 errors of 16 bits in one context. */
const MOST_K = 23;

/** The adaptive part of JPEG-LS: contexts, Golomb codes and the samples that they give (T.87 annex A). */
export class JpegLsCoder {
  readonly #parameters: JpegLsParameters;
  readonly #bits: JpegLsBits;
  readonly #range: number;
  readonly #step: number;
  readonly #errorBits: number;
  readonly #limit: number;
  // T.87's A, B, C, N: sums of error magnitudes and errors, corrections, counts.
  readonly #a: Int32Array;
  readonly #b = new Int32Array(RUN_CONTEXT);
  readonly #c = new Int32Array(RUN_CONTEXT);
  readonly #n = new Int32Array(RUN_CONTEXT + 2).fill(1);
  readonly #negatives = [0, 0];

  constructor(parameters: JpegLsParameters, bits: JpegLsBits) {
    const { maximum, near } = parameters;
    this.#parameters = parameters;
    this.#bits = bits;
    this.#step = 2 * near + 1;
    this.#range = Math.floor((maximum + 2 * near) / this.#step) + 1;
    this.#errorBits = Math.ceil(Math.log2(this.#range));
    const sampleBits = Math.max(2, Math.ceil(Math.log2(maximum + 1)));
    this.#limit = 2 * (sampleBits + Math.max(8, sampleBits));
    this.#a = new Int32Array(RUN_CONTEXT + 2).fill(Math.max(2, (this.#range + 32) >> 6));
  }

  /** The context of three gradients, negative where their signs are turned (A.3.3, A.3.4); 0 starts a run. */
  context(ra: number, rb: number, rc: number, rd: number): number {
    return 81 * this.#quantise(rd - rb) + 9 * this.#quantise(rb - rc) + this.#quantise(rc - ra);
  }

  /** A sample in regular mode (A.4 to A.6). */
  regular(context: number, ra: number, rb: number, rc: number): number {
    const sign = context < 0 ? -1 : 1;
    const q = Math.abs(context);
    const n = this.#n[q] ?? 1;
    const correction = this.#c[q] ?? 0;
    const predicted = this.#clamp(median(ra, rb, rc) + sign * correction);
    const k = golombParameter(n, this.#a[q] ?? 0);
    const mapped = this.#golomb(k, this.#limit);
    let error = mapped & 1 ? -((mapped + 1) >> 1) : mapped >> 1;
    if (this.#parameters.near === 0 && k === 0 && 2 * (this.#b[q] ?? 0) <= -n) error = -error - 1;
    this.#learn(q, error);
    return this.#reconstruct(predicted, sign * error);
  }

  #learn(q: number, error: number): void {
    let a = (this.#a[q] ?? 0) + Math.abs(error);
    let b = (this.#b[q] ?? 0) + error * this.#step;
    let n = this.#n[q] ?? 1;
    if (n === this.#parameters.reset) {
      a >>= 1;
      b >>= 1;
      n >>= 1;
    }
    n++;
    const correction = this.#c[q] ?? 0;
    if (b <= -n) {
      b = Math.max(b + n, -n + 1);
      if (correction > -128) this.#c[q] = correction - 1;
    } else if (b > 0) {
      b = Math.min(b - n, 0);
      if (correction < 127) this.#c[q] = correction + 1;
    }
    this.#a[q] = a;
    this.#b[q] = b;
    this.#n[q] = n;
  }

  /**
   * The length of a run (A.7.1).
   *
   * @param index the component's run index.
   * @param room samples left in the line; a run of that length goes to its end.
   */
  run(index: number, room: number): { readonly length: number; readonly index: number } {
    let length = 0;
    let next = index;
    while (this.#bits.read(1) === 1) {
      const piece = 1 << (J[next] ?? 0);
      if (piece > room - length) return { length: room, index: next };
      length += piece;
      if (next < 31) next++;
      if (length === room) return { length, index: next };
    }
    length += this.#bits.read(J[next] ?? 0);
    if (length >= room) throw new Error('its data is damaged');
    return { length, index: next };
  }

  /**
   * The sample that ends a run (A.7.2).
   *
   * @param always0 whether the first interruption context serves alone, as with samples interleaved.
   */
  interruption(index: number, ra: number, rb: number, always0: boolean): number {
    const type = !always0 && Math.abs(ra - rb) <= this.#parameters.near ? 1 : 0;
    const q = RUN_CONTEXT + type;
    const n = this.#n[q] ?? 1;
    const a = this.#a[q] ?? 0;
    const k = golombParameter(n, type === 1 ? a + (n >> 1) : a);
    const mapped = this.#golomb(k, this.#limit - (J[index] ?? 0) - 1);
    const odd = (mapped + type) & 1;
    const magnitude = (mapped + type + odd) >> 1;
    const negatives = this.#negatives[type] ?? 0;
    const isNegative = (k !== 0 || 2 * negatives >= n) === (odd === 1);
    const error = isNegative ? -magnitude : magnitude;
    const halve = n === this.#parameters.reset ? 1 : 0;
    this.#negatives[type] = (negatives + (error < 0 ? 1 : 0)) >> halve;
    this.#a[q] = (a + ((mapped + 1 - type) >> 1)) >> halve;
    this.#n[q] = (n >> halve) + 1;
    if (type === 1) return this.#reconstruct(ra, error);
    return this.#reconstruct(rb, rb < ra ? -error : error);
  }

  #quantise(gradient: number): number {
    const { near, t1, t2, t3 } = this.#parameters;
    const size = Math.abs(gradient);
    // Thresholds count from T on upwards, and from -T on downwards: the same for both signs.
    const level = size <= near ? 0 : size < t1 ? 1 : size < t2 ? 2 : size < t3 ? 3 : 4;
    return gradient < 0 ? -level : level;
  }

  /** A limited-length Golomb code (A.5.3). */
  #golomb(k: number, limit: number): number {
    const most = limit - this.#errorBits - 1;
    const high = this.#bits.unary(most);
    const mapped = high < most ? (high << k) + this.#bits.read(k) : this.#bits.read(this.#errorBits) + 1;
    // Twice the range is what the mapping can give; more would upset every count that follows.
    if (mapped > 2 * this.#range) throw new Error('its data is damaged');
    return mapped;
  }

  #reconstruct(predicted: number, error: number): number {
    const { maximum, near } = this.#parameters;
    let value = predicted + error * this.#step;
    if (value < -near) value += this.#range * this.#step;
    else if (value > maximum + near) value -= this.#range * this.#step;
    return this.#clamp(value);
  }

  #clamp(value: number): number {
    const { maximum } = this.#parameters;
    return value < 0 ? 0 : value > maximum ? maximum : value;
  }
}

function golombParameter(count: number, sum: number): number {
  let k = 0;
  while (count << k < sum && k < MOST_K) k++;
  return k;
}

/** The edge-detecting predictor (A.4.1). */
function median(ra: number, rb: number, rc: number): number {
  const low = Math.min(ra, rb);
  const high = Math.max(ra, rb);
  if (rc >= high) return low;
  return rc <= low ? high : ra + rb - rc;
}

/** Bits of a JPEG-LS scan: after a byte of ones comes one of seven bits (A.1). */
export class JpegLsBits {
  readonly #bytes: Uint8Array;
  #at: number;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The next `length` bits, at most 23. */
  read(length: number): number {
    while (this.#count < length) this.#fill();
    this.#count -= length;
    return (this.#held >>> this.#count) & ((1 << length) - 1);
  }

  /** Zeros before the next one. */
  unary(most: number): number {
    let zeros = 0;
    for (;;) {
      if (this.#count === 0) this.#fill();
      const leading = Math.min(this.#count, Math.clz32(this.#held << (32 - this.#count)));
      zeros += leading;
      this.#count -= leading;
      if (zeros > most) throw new Error('its data is damaged');
      if (this.#count > 0) {
        this.#count--;
        return zeros;
      }
    }
  }

  /** Where the next marker is. */
  end(): number {
    let at = this.#at;
    while (at < this.#bytes.length && !(this.#bytes[at] === 0xff && (this.#bytes[at + 1] ?? 0) >= 0x80)) at++;
    return at;
  }

  #fill(): void {
    const byte = this.#bytes[this.#at];
    const afterOnes = this.#bytes[this.#at - 1] === 0xff;
    const isMarker = byte === 0xff && (this.#bytes[this.#at + 1] ?? 0xff) >= 0x80;
    if (byte === undefined || isMarker || (afterOnes && byte >= 0x80)) throw new Error('it ends early');
    const width = afterOnes ? 7 : 8;
    this.#held = (this.#held << width) | byte;
    this.#count += width;
    this.#at++;
  }
}
