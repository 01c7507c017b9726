import { sizeOf, type FloatTensor } from '../../graph/tensor.ts';
import { SaltError } from '../../protocol/errors.ts';
import { assertFinite } from './finite.ts';
import { floatsToHalves } from './half.ts';

export interface SafetensorsOptions {
  /** How numbers are stored. F16 halves the file and rounds to 11 significant bits. Default: F32. */
  readonly dtype?: 'F32' | 'F16';
}

/**
 * A safetensors file. Equal contents give equal bytes, whatever order they come in: tensors and metadata are
 * sorted by name. Tensor data starts at a multiple of 8 bytes.
 * @throws SaltError `NOT_FINITE` for NaN and Inf, and for what overflows F16
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: Readonly<Record<string, string>> = {},
  { dtype = 'F32' }: SafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const bytesPerElement = dtype === 'F32' ? 4 : 2;
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) {
    entries.push([
      '__metadata__',
      Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))),
    ]);
  }
  let end = 0;
  for (const [name, { shape, data }] of sorted) {
    if (name === '__metadata__')
      throw new SaltError('INVALID_ARGUMENT', 'No tensor may be named __metadata__.');
    if (sizeOf(shape) !== data.length) {
      throw new SaltError(
        'INVALID_ARGUMENT',
        `${data.length} numbers do not fill "${name}" [${shape.join(', ')}].`,
      );
    }
    assertFinite(name, data);
    const begin = end;
    end += data.length * bytesPerElement;
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }

  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.byteLength / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setUint32(0, headerBytes, true);
  file.fill(0x20, 8 + json.byteLength, 8 + headerBytes);
  file.set(json, 8);
  let offset = 8 + headerBytes;
  for (const [name, { data }] of sorted) {
    const stored = dtype === 'F32' ? data : encodeHalves(name, data);
    file.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), offset);
    offset += stored.byteLength;
  }
  return file;
}

function encodeHalves(name: string, data: Float32Array): Uint16Array {
  const halves = floatsToHalves(data);
  const index = halves.findIndex((bits) => (bits & 0x7c00) === 0x7c00);
  if (index >= 0) {
    throw new SaltError(
      'NOT_FINITE',
      `Tensor "${name}" holds ${data[index]} at index ${index}, which does not fit F16; store it as F32.`,
      { tensor: name, index },
    );
  }
  return halves;
}
