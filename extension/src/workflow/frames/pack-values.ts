import { decode, encode } from 'fast-png';
import { z } from 'zod';
import type { FramePixels, FrameSize } from '../../../../src/protocol/frames.ts';

const TYPES = { Uint8Array, Uint16Array, Int16Array, Int32Array, Float32Array };

/** How a frame's values lie in a file, so that they come back to the bit. */
export const valuesSchema = z.object({
  file: z.enum(['png', 'raw']),
  type: z.enum(['Uint8Array', 'Uint16Array', 'Int16Array', 'Int32Array', 'Float32Array']),
  width: z.int().min(1),
  height: z.int().min(1),
  channels: z.literal([1, 3]),
  /** What a PNG's values must be added to; 0 for raw ones. */
  offset: z.number(),
});

type Packing = z.infer<typeof valuesSchema>;

/** As PNG wherever the values are whole numbers within 16 bits of each other, else raw, little-endian. */
export function packValues(frame: FramePixels): { readonly values: Packing; readonly bytes: Uint8Array } {
  const { width, height, channels, values } = frame;
  const base = { type: typeOf(values), width, height, channels };
  if (values instanceof Uint8Array || values instanceof Uint16Array) {
    const depth = values instanceof Uint8Array ? 8 : 16;
    const bytes = encode({ width, height, channels, depth, data: values });
    return { values: { ...base, file: 'png', offset: 0 }, bytes };
  }
  const { lowest, fits } = wholeRange(values);
  if (fits) {
    const data = Uint16Array.from(values, (value) => value - lowest);
    const bytes = encode({ width, height, channels, depth: 16, data });
    return { values: { ...base, file: 'png', offset: lowest }, bytes };
  }
  // Every platform that has a browser is little-endian.
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  return { values: { ...base, file: 'raw', offset: 0 }, bytes };
}

/** @throws Error when the bytes are not what the packing says */
export function unpackValues(packing: Packing, bytes: Uint8Array): FramePixels {
  const { file, type, width, height, channels, offset } = packing;
  const Values = TYPES[type];
  if (file === 'raw') {
    const values = new Values(bytes.slice().buffer);
    return { width, height, channels, values };
  }
  const { data } = decodePng(bytes, packing, channels);
  const values = new Values(data.length);
  data.forEach((value, at) => (values[at] = value + offset));
  return { width, height, channels, values };
}

/**
 * A PNG of a known size. What its header states is compared first: a small file may unpack to more than there is memory.
 * @throws Error when it is none, or another
 */
export function decodePng(
  bytes: Uint8Array,
  { width, height }: FrameSize,
  channels: number,
): ReturnType<typeof decode> {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isOfSize = header.getUint32(16) === width && header.getUint32(20) === height;
  const image = isOfSize ? decode(bytes) : undefined;
  if (image?.channels === channels) return image;
  throw new Error('an image or a mask is not of the size that the manifest states');
}

function typeOf(values: FramePixels['values']): Packing['type'] {
  if (values instanceof Uint8Array) return 'Uint8Array';
  if (values instanceof Uint16Array) return 'Uint16Array';
  if (values instanceof Int16Array) return 'Int16Array';
  return values instanceof Int32Array ? 'Int32Array' : 'Float32Array';
}

function wholeRange(values: FramePixels['values']): { lowest: number; fits: boolean } {
  let lowest = Infinity;
  let highest = -Infinity;
  let whole = true;
  for (const value of values) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
    if (!Number.isInteger(value) || Object.is(value, -0)) whole = false;
  }
  return { lowest, fits: whole && highest - lowest <= 65535 };
}
