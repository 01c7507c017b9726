import type { CodecImage } from './image.ts';

interface Component {
  readonly id: number;
  /** Position among the samples of a pixel. */
  readonly index: number;
}

interface Scan {
  readonly components: readonly { readonly index: number; readonly table: Uint16Array }[];
  /** Predictor 1 to 7. */
  readonly predictor: number;
  readonly pointTransform: number;
  /** Where the entropy-coded data begins. */
  readonly start: number;
}

/**
 * Lossless JPEG with Huffman coding (ITU-T T.81 process 14, annex H): up to 16 bits, any number of components that
 * are not subsampled, any predictor, restart intervals, one scan or one for each component.
 *
 * Ours because the package (jpeg-lossless-decoder-js 2.1.2) drops the last pixel of some frames.
 *
 * @throws Error when the stream is damaged, ends early or asks for anything else.
 */
export function decodeJpegLossless(encoded: Uint8Array): CodecImage {
  const word = (at: number) => ((encoded[at] ?? 0) << 8) | (encoded[at + 1] ?? 0);
  const tables = new Map<number, Uint16Array>();
  let frame:
    | { width: number; height: number; bits: number; components: Component[]; samples: Uint16Array }
    | undefined;
  let restartInterval = 0;
  let done = 0;
  let at = 2;
  while (!frame || done < frame.components.length) {
    if (at + 4 > encoded.length) throw new Error('it ends early');
    const marker = encoded[at + 1] ?? 0;
    if (encoded[at] !== 0xff) throw new Error(`no JPEG marker at byte ${at}`);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = word(at + 2);
    const body = at + 4;
    const end = at + 2 + length;
    if (length < 2 || end > encoded.length) throw new Error('it ends early');
    at = end;
    if (marker === 0xc4) readTables(encoded.subarray(body, end), tables);
    else if (marker === 0xdd) restartInterval = word(body);
    else if (marker === 0xc3) frame = readFrame(encoded.subarray(body, end));
    else if (marker === 0xda) {
      if (!frame) throw new Error('a scan comes before its frame');
      const scan = readScan(encoded.subarray(body, end), frame.components, tables, end);
      if (scan.pointTransform >= frame.bits) throw new Error('a scan drops every bit');
      at = decodeScan(encoded, frame, scan, restartInterval);
      done += scan.components.length;
    }
  }
  const { width, height, bits, components, samples } = frame;
  const bytes = bits > 8 ? new Uint8Array(samples.buffer) : new Uint8Array(samples);
  return { width, height, components: components.length, bits, bytes };
}

function readFrame(body: Uint8Array) {
  const [bits = 0, h1 = 0, h0 = 0, w1 = 0, w0 = 0, count = 0] = body;
  const width = (w1 << 8) | w0;
  const height = (h1 << 8) | h0;
  if (body.length < 6 + 3 * count || bits < 2 || bits > 16) throw new Error('its frame header is damaged');
  const components = Array.from({ length: count }, (_, index) => {
    if (body[7 + 3 * index] !== 0x11) throw new Error('subsampled colour is not supported');
    return { id: body[6 + 3 * index] ?? 0, index };
  });
  return { width, height, bits, components, samples: new Uint16Array(width * height * count) };
}

/** DHT: for each table the code's length and value, by the next 16 bits of the stream (T.81 C.2, F.2.2.3). */
function readTables(body: Uint8Array, tables: Map<number, Uint16Array>): void {
  let at = 0;
  while (at + 17 <= body.length) {
    const id = body[at] ?? 0;
    const counts = body.subarray(at + 1, at + 17);
    at += 17;
    const lookup = new Uint16Array(65536);
    let code = 0;
    counts.forEach((count, i) => {
      const length = i + 1;
      const span = 1 << (16 - length);
      for (let n = 0; n < count; n++) {
        const value = body[at++];
        if (value === undefined || code + span > 65536) throw new Error('a Huffman table is damaged');
        lookup.fill((length << 8) | value, code, code + span);
        code += span;
      }
    });
    tables.set(id, lookup);
  }
}

function readScan(
  body: Uint8Array,
  components: readonly Component[],
  tables: ReadonlyMap<number, Uint16Array>,
  start: number,
): Scan {
  const count = body[0] ?? 0;
  if (count === 0 || body.length < 4 + 2 * count) throw new Error('a scan header is damaged');
  const chosen = Array.from({ length: count }, (_, i) => {
    const component = components.find(({ id }) => id === body[1 + 2 * i]);
    const table = tables.get((body[2 + 2 * i] ?? 0) >> 4);
    if (!component || !table) throw new Error('a scan refers to what is not there');
    return { index: component.index, table };
  });
  const predictor = body[1 + 2 * count] ?? 0;
  if (predictor < 1 || predictor > 7) throw new Error(`predictor ${predictor} is not supported`);
  return { components: chosen, predictor, pointTransform: (body[3 + 2 * count] ?? 0) & 15, start };
}

/** Fills the scan's components in; returns where the next marker is. */
function decodeScan(
  encoded: Uint8Array,
  frame: {
    width: number;
    height: number;
    bits: number;
    components: readonly Component[];
    samples: Uint16Array;
  },
  scan: Scan,
  restartInterval: number,
): number {
  const { width, height, bits, samples } = frame;
  const stride = frame.components.length;
  const row = width * stride;
  const { predictor, pointTransform } = scan;
  const reader = new BitReader(encoded, scan.start);
  const initial = 1 << (bits - pointTransform - 1);
  let untilRestart = restartInterval;
  // The row that predicts as a first one does: after a restart, prediction starts anew.
  let firstRow = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let restarted = false;
      if (restartInterval > 0 && untilRestart-- === 0) {
        reader.restart();
        untilRestart = restartInterval - 1;
        firstRow = y;
        restarted = true;
      }
      for (const { index, table } of scan.components) {
        const i = y * row + x * stride + index;
        const difference = reader.difference(table);
        let predicted: number;
        if (restarted || (y === firstRow && x === 0)) predicted = initial;
        else if (y === firstRow) predicted = samples[i - stride] ?? 0;
        else if (x === 0) predicted = samples[i - row] ?? 0;
        else {
          const left = samples[i - stride] ?? 0;
          const above = samples[i - row] ?? 0;
          predicted = predict(predictor, left, above, samples[i - row - stride] ?? 0);
        }
        samples[i] = predicted + difference;
      }
    }
  }
  const next = reader.end();
  if (pointTransform > 0) {
    for (const { index } of scan.components) {
      for (let i = index; i < samples.length; i += stride) samples[i] = (samples[i] ?? 0) << pointTransform;
    }
  }
  return next;
}

/** T.81 table H.1. */
function predict(predictor: number, left: number, above: number, corner: number): number {
  switch (predictor) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return corner;
    case 4:
      return left + above - corner;
    case 5:
      return left + ((above - corner) >> 1);
    case 6:
      return above + ((left - corner) >> 1);
    default:
      return (left + above) >> 1;
  }
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  /** The lowest `#count` bits are still to be read. */
  #held = 0;
  #count = 0;
  /** Of those, zeros that were put in after the data ended. */
  #padding = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** A Huffman-coded difference (T.81 H.1.2.2). */
  difference(table: Uint16Array): number {
    if (this.#count < 16) this.#fill();
    const entry = table[(this.#held >>> (this.#count - 16)) & 0xffff] ?? 0;
    if (entry === 0) throw new Error('its data is damaged');
    this.#count -= entry >> 8;
    const length = entry & 0xff;
    if (length === 0) return 0;
    if (length === 16) return 32768;
    if (length > 16) throw new Error('its data is damaged');
    if (this.#count < 16) this.#fill();
    this.#count -= length;
    const value = (this.#held >>> this.#count) & ((1 << length) - 1);
    return value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  /** Past a restart marker, to the next byte. */
  restart(): void {
    const next = this.end();
    const marker = this.#bytes[next + 1] ?? 0;
    if (this.#bytes[next] !== 0xff || marker < 0xd0 || marker > 0xd7)
      throw new Error('a restart marker is missing');
    this.#at = next + 2;
    this.#held = 0;
    this.#count = 0;
    this.#padding = 0;
  }

  /** Where the marker after the data is. */
  end(): number {
    if (this.#count < this.#padding) throw new Error('it ends early');
    let at = this.#at;
    // Up to two whole bytes may have been read ahead, but never past a marker.
    while (at < this.#bytes.length && !(this.#bytes[at] === 0xff && this.#bytes[at + 1] !== 0)) at++;
    return at;
  }

  #fill(): void {
    while (this.#count <= 24) {
      let byte = this.#bytes[this.#at];
      if (byte === 0xff) {
        if (this.#bytes[this.#at + 1] === 0) this.#at += 2;
        else byte = undefined;
      } else if (byte !== undefined) {
        this.#at++;
      }
      if (byte === undefined) this.#padding += 8;
      this.#held = (this.#held << 8) | (byte ?? 0);
      this.#count += 8;
    }
  }
}
