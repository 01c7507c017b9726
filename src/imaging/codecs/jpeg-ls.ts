import { JpegLsBits, JpegLsCoder } from './jpeg-ls-coder.ts';
import type { JpegLsParameters } from './jpeg-ls-coder.ts';
import type { CodecImage } from './image.ts';

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  /** Component identifiers in the order of a pixel's samples. */
  readonly ids: readonly number[];
  /** Interleaved. */
  readonly samples: Uint16Array;
}

interface Scan {
  /** Positions of its components among a pixel's samples. */
  readonly indices: readonly number[];
  /** 0 one component, 1 line by line, 2 pixel by pixel. */
  readonly interleave: number;
}

/**
 * JPEG-LS, lossless and near-lossless (ITU-T T.87), up to 16 bits, every interleaving.
 *
 * Ours because CharLS spins for half a minute, out of reach, on some damaged streams of a kilobyte.
 *
 * @throws Error when the stream is damaged, ends early, or uses mapping tables, restarts or subsampling.
 */
export function decodeJpegLs(encoded: Uint8Array): CodecImage {
  const word = (at: number) => ((encoded[at] ?? 0) << 8) | (encoded[at + 1] ?? 0);
  let frame: Frame | undefined;
  let preset: readonly number[] = [];
  let done = 0;
  let at = 2;
  while (!frame || done < frame.ids.length) {
    const marker = encoded[at + 1];
    if (marker === undefined) throw new Error('it ends early');
    if (encoded[at] !== 0xff) throw new Error(`no JPEG marker at byte ${at}`);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const body = at + 4;
    const end = at + 2 + word(at + 2);
    if (end < body || end > encoded.length) throw new Error('it ends early');
    at = end;
    if (marker === 0xf7) frame = readFrame(encoded.subarray(body, end));
    else if (marker === 0xf8) {
      if (encoded[body] !== 1) throw new Error('mapping tables are not supported');
      preset = [1, 3, 5, 7, 9].map((offset) => word(body + offset));
    } else if (marker === 0xdd && word(body) !== 0) throw new Error('restart intervals are not supported');
    else if (marker === 0xda) {
      if (!frame) throw new Error('a scan comes before its frame');
      const { near, ...scan } = readScan(encoded.subarray(body, end), frame);
      const bits = new JpegLsBits(encoded, end);
      decodeScan(frame, scan, new JpegLsCoder(parameters(frame.bits, near, preset), bits));
      at = bits.end();
      done += scan.indices.length;
    }
  }
  const { width, height, bits, ids, samples } = frame;
  const bytes = bits > 8 ? new Uint8Array(samples.buffer) : new Uint8Array(samples);
  return { width, height, components: ids.length, bits, bytes };
}

function readFrame(body: Uint8Array): Frame {
  const [bits = 0, h1 = 0, h0 = 0, w1 = 0, w0 = 0, count = 0] = body;
  const width = (w1 << 8) | w0;
  const height = (h1 << 8) | h0;
  if (body.length < 6 + 3 * count || bits < 2 || bits > 16) throw new Error('its frame header is damaged');
  const ids = Array.from({ length: count }, (_, i) => {
    if (body[7 + 3 * i] !== 0x11) throw new Error('subsampled colour is not supported');
    return body[6 + 3 * i] ?? 0;
  });
  return { width, height, bits, ids, samples: new Uint16Array(width * height * count) };
}

function readScan(body: Uint8Array, frame: Frame): Scan & { readonly near: number } {
  const count = body[0] ?? 0;
  const [near = 0, interleave = 0, transform = 0] = body.subarray(1 + 2 * count);
  if (count === 0 || body.length < 4 + 2 * count || interleave > 2 || (interleave === 0 && count > 1)) {
    throw new Error('a scan header is damaged');
  }
  if (transform !== 0) throw new Error('point transforms are not supported');
  const indices = Array.from({ length: count }, (_, i) => frame.ids.indexOf(body[1 + 2 * i] ?? -1));
  if (indices.includes(-1)) throw new Error('a scan refers to what is not there');
  return { indices, interleave, near };
}

/** What the stream presets (0 stands for the default), and defaults after T.87 C.2.4.1.1.1. */
function parameters(bits: number, near: number, preset: readonly number[]): JpegLsParameters {
  const [presetMaximum = 0, p1 = 0, p2 = 0, p3 = 0, presetReset = 0] = preset;
  const maximum = presetMaximum || 2 ** bits - 1;
  const fit = (value: number, least: number) => (value > maximum || value < least ? least : value);
  const factor = maximum >= 128 ? (Math.min(maximum, 4095) + 128) >> 8 : Math.floor(256 / (maximum + 1));
  const basic = (large: readonly [number, number], small: number, least: number, times: number) =>
    maximum >= 128
      ? factor * (large[0] - large[1]) + large[1] + times * near
      : Math.max(least, Math.floor(small / factor) + times * near);
  const t1 = p1 || fit(basic([3, 2], 3, 2, 3), near + 1);
  const t2 = p2 || fit(basic([7, 3], 7, 3, 5), t1);
  const t3 = p3 || fit(basic([21, 4], 21, 4, 7), t2);
  const reset = presetReset || 64;
  const isSound =
    maximum < 2 ** bits && near <= Math.min(255, maximum >> 1) && t1 > near && t2 >= t1 && t3 >= t2;
  if (!isSound || t3 > maximum || reset < 3) throw new Error('its coding parameters are damaged');
  return { maximum, near, t1, t2, t3, reset };
}

/** Two lines of one component, with a sample more at either end (A.2.1). */
interface Lines {
  previous: Int32Array;
  current: Int32Array;
  runIndex: number;
}

function decodeScan(frame: Frame, { indices, interleave }: Scan, coder: JpegLsCoder): void {
  const { width, height, samples } = frame;
  const components = indices.map((): Lines => ({
    previous: new Int32Array(width + 2),
    current: new Int32Array(width + 2),
    runIndex: 0,
  }));
  for (let y = 0; y < height; y++) {
    for (const lines of components) {
      lines.current[0] = lines.previous[1] ?? 0;
      lines.previous[width + 1] = lines.previous[width] ?? 0;
    }
    if (interleave === 2) decodeLine(components, width, coder);
    else for (const lines of components) decodeLine([lines], width, coder);
    components.forEach((lines, i) => {
      let o = y * width * frame.ids.length + (indices[i] ?? 0);
      for (let x = 1; x <= width; x++, o += frame.ids.length) samples[o] = lines.current[x] ?? 0;
      [lines.previous, lines.current] = [lines.current, lines.previous];
    });
  }
}

/** One line of the components that are coded together. */
function decodeLine(components: readonly Lines[], width: number, coder: JpegLsCoder): void {
  const [first] = components;
  if (!first) return;
  const together = components.length > 1;
  const contexts = new Array<number>(components.length).fill(0);
  let x = 1;
  while (x <= width) {
    components.forEach(({ previous, current }, i) => {
      contexts[i] = coder.context(
        current[x - 1] ?? 0,
        previous[x] ?? 0,
        previous[x - 1] ?? 0,
        previous[x + 1] ?? 0,
      );
    });
    if (contexts.some((context) => context !== 0)) {
      components.forEach(({ previous, current }, i) => {
        current[x] = coder.regular(
          contexts[i] ?? 0,
          current[x - 1] ?? 0,
          previous[x] ?? 0,
          previous[x - 1] ?? 0,
        );
      });
      x++;
      continue;
    }
    const room = width - x + 1;
    const { length, index } = coder.run(first.runIndex, room);
    for (const { current } of components) current.fill(current[x - 1] ?? 0, x, x + length);
    x += length;
    first.runIndex = index;
    if (length === room) continue;
    for (const { previous, current } of components) {
      current[x] = coder.interruption(index, current[x - 1] ?? 0, previous[x] ?? 0, together);
    }
    x++;
    if (index > 0) first.runIndex = index - 1;
  }
}
