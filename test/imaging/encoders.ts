import { createRequire } from 'node:module';

/** Encoders for the tests: the codec packages' full builds, and two small ones of our own. */

interface Encoder {
  getDecodedBuffer(info: FrameInfo): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  encode(): void;
  delete(): void;
  setNearLossless?(value: number): void;
  setInterleaveMode?(mode: number): void;
  setDecompositions?(levels: number): void;
  setQuality?(...quality: (boolean | number)[]): void;
}

interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned: boolean;
  readonly isUsingColorTransform: boolean;
}

export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly bits: number;
  readonly signed?: boolean;
  /** Interleaved, two bytes each (little endian) above 8 bits. */
  readonly bytes: Uint8Array;
}

const require = createRequire(import.meta.url);
const modules = new Map<string, Promise<Record<string, new () => Encoder>>>();

function codecModule(name: string): Promise<Record<string, new () => Encoder>> {
  const load = require(`@cornerstonejs/codec-${name}/wasmjs`) as (
    options: object,
  ) => Promise<Record<string, new () => Encoder>>;
  const module = modules.get(name) ?? load({ print: () => undefined, printErr: () => undefined });
  modules.set(name, module);
  return module;
}

async function encodeWith(
  name: string,
  encoder: string,
  samples: Samples,
  prepare: (encoder: Encoder) => void = () => undefined,
): Promise<Uint8Array> {
  const Class = (await codecModule(name))[encoder];
  if (!Class) throw new Error(`no ${encoder} in ${name}`);
  const instance = new Class();
  const info = {
    width: samples.width,
    height: samples.height,
    bitsPerSample: samples.bits,
    componentCount: samples.components,
    isSigned: samples.signed ?? false,
    isUsingColorTransform: samples.components === 3,
  };
  instance.getDecodedBuffer(info).set(samples.bytes);
  prepare(instance);
  instance.encode();
  const encoded = new Uint8Array(instance.getEncodedBuffer());
  instance.delete();
  return encoded;
}

export const encodeJpegLs = (samples: Samples, interleave = samples.components === 1 ? 0 : 2) =>
  encodeWith('charls', 'JpegLSEncoder', samples, (encoder) => {
    encoder.setNearLossless?.(0);
    encoder.setInterleaveMode?.(interleave);
  });

export const encodeJpeg2000 = (samples: Samples) =>
  encodeWith('openjpeg', 'J2KEncoder', samples, (encoder) => {
    encoder.setQuality?.(true, 0);
    encoder.setDecompositions?.(1);
  });

export const encodeHtj2k = (samples: Samples) =>
  encodeWith('openjph', 'HTJ2KEncoder', samples, (encoder) => encoder.setQuality?.(true, 0));

export const encodeJpeg = (samples: Samples, quality = 95) =>
  encodeWith('libjpeg-turbo-8bit', 'JPEGEncoder', samples, (encoder) => {
    encoder.setQuality?.(quality);
  });

/** DICOM RLE without any runs longer than needed: PackBits literals and repeats. */
export function encodeRle({ width, height, components, bits, bytes }: Samples): Uint8Array {
  const size = bits > 8 ? 2 : 1;
  const pixels = width * height;
  const segments: number[][] = [];
  for (let component = 0; component < components; component++) {
    for (let byte = size - 1; byte >= 0; byte--) {
      const plane = Array.from(
        { length: pixels },
        (_, i) => bytes[(i * components + component) * size + byte] ?? 0,
      );
      segments.push(packBits(plane));
    }
  }
  const header = new Uint32Array(16);
  header[0] = segments.length;
  let offset = 64;
  segments.forEach((segment, i) => {
    header[i + 1] = offset;
    offset += segment.length;
  });
  return Uint8Array.from([...new Uint8Array(header.buffer), ...segments.flat()]);
}

function packBits(plane: readonly number[]): number[] {
  const out: number[] = [];
  let i = 0;
  while (i < plane.length) {
    let run = 1;
    while (run < 128 && plane[i + run] === plane[i]) run++;
    if (run > 1) {
      out.push(257 - run, plane[i] ?? 0);
      i += run;
    } else {
      const start = i;
      while (i < plane.length && i - start < 128 && plane[i] !== plane[i + 1]) i++;
      if (i === start) i++;
      out.push(i - start - 1, ...plane.slice(start, i));
    }
  }
  if (out.length % 2) out.push(128);
  return out;
}

export interface LosslessOptions {
  readonly predictor?: number;
  /** In rows; 0 is none. */
  readonly restartRows?: number;
}

/** Lossless JPEG (process 14), one Huffman table in which every difference class has five bits. */
export function encodeJpegLossless(
  { width, height, components, bits, bytes }: Samples,
  { predictor = 1, restartRows = 0 }: LosslessOptions = {},
): Uint8Array {
  const size = bits > 8 ? 2 : 1;
  const classes = Array.from({ length: 17 }, (_, i) => i);
  const out: number[] = [0xff, 0xd8];
  const marker = (code: number, body: readonly number[]) =>
    out.push(0xff, code, (body.length + 2) >> 8, (body.length + 2) & 255, ...body);
  const ids = Array.from({ length: components }, (_, i) => i + 1);
  marker(0xc3, [
    bits,
    height >> 8,
    height & 255,
    width >> 8,
    width & 255,
    components,
    ...ids.flatMap((id) => [id, 0x11, 0]),
  ]);
  marker(0xc4, [0, ...Array.from({ length: 16 }, (_, i) => (i === 4 ? 17 : 0)), ...classes]);
  if (restartRows > 0) marker(0xdd, [0, restartRows * width]);
  marker(0xda, [components, ...ids.flatMap((id) => [id, 0]), predictor, 0, 0]);

  let held = 0;
  let count = 0;
  const put = (value: number, length: number) => {
    for (let bit = length - 1; bit >= 0; bit--) {
      held = (held << 1) | ((value >> bit) & 1);
      if (++count === 8) {
        out.push(held);
        if (held === 0xff) out.push(0);
        held = 0;
        count = 0;
      }
    }
  };
  const sample = (x: number, y: number, c: number) => {
    const at = ((y * width + x) * components + c) * size;
    return size === 1 ? (bytes[at] ?? 0) : (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  };
  const flush = () => {
    if (count > 0) put(2 ** (8 - count) - 1, 8 - count);
  };
  const predict = (x: number, y: number, firstRow: number, c: number) => {
    if (x === 0 && y === firstRow) return 1 << (bits - 1);
    if (y === firstRow) return sample(x - 1, y, c);
    if (x === 0) return sample(x, y - 1, c);
    const [left, above, corner] = [sample(x - 1, y, c), sample(x, y - 1, c), sample(x - 1, y - 1, c)];
    return [
      left,
      above,
      corner,
      left + above - corner,
      left + ((above - corner) >> 1),
      above + ((left - corner) >> 1),
      (left + above) >> 1,
    ][predictor - 1] as number;
  };
  let firstRow = 0;
  for (let y = 0; y < height; y++) {
    if (restartRows > 0 && y > 0 && y % restartRows === 0) {
      flush();
      out.push(0xff, 0xd0 + ((y / restartRows - 1) % 8));
      firstRow = y;
    }
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < components; c++) {
        const predicted = predict(x, y, firstRow, c);
        // Differences are modulo 65536.
        const difference = ((sample(x, y, c) - predicted) << 16) >> 16;
        const length = difference === 0 ? 0 : 32 - Math.clz32(Math.abs(difference));
        put(length, 5);
        if (length < 16) put(difference >= 0 ? difference : difference + 2 ** length - 1, length);
      }
    }
  }
  flush();
  out.push(0xff, 0xd9);
  return Uint8Array.from(out);
}
