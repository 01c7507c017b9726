import type { DataSet } from 'dicom-parser';
import { signed16, unsigned16 } from './data-set.ts';
import { readEntries } from './lookup-table.ts';
import type { StoredPixels } from './stored.ts';

/** A palette as RGB in [0, 255], and the stored value of its first entry. */
export interface Palette {
  readonly first: number;
  /** `3 * entries`, interleaved. */
  readonly colours: Float32Array;
}

/** Stored RGB or YBR_FULL to RGB in [0, 255]; the latter after PS3.3 C.7.6.3.1.2. */
export function toRgb({ values, bits, photometric }: StoredPixels): Float32Array {
  const factor = 255 / (2 ** bits - 1);
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = (values[i] ?? 0) * factor;
  if (photometric === 'RGB') return out;
  const centre = 2 ** (bits - 1) * factor;
  for (let i = 0; i < out.length; i += 3) {
    const y = out[i] ?? 0;
    const cb = (out[i + 1] ?? 0) - centre;
    const cr = (out[i + 2] ?? 0) - centre;
    out[i] = clamp(y + 1.402 * cr);
    out[i + 1] = clamp(y - (0.114 * 1.772 * cb + 0.299 * 1.402 * cr) / 0.587);
    out[i + 2] = clamp(y + 1.772 * cb);
  }
  return out;
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Palette indices to RGB in [0, 255]; values beyond either end take the end's colour. */
export function applyPalette(values: StoredPixels['values'], { first, colours }: Palette): Float32Array {
  const last = colours.length / 3 - 1;
  const out = new Float32Array(values.length * 3);
  for (let i = 0; i < values.length; i++) {
    const entry = Math.min(last, Math.max(0, (values[i] ?? 0) - first)) * 3;
    out[i * 3] = colours[entry] ?? 0;
    out[i * 3 + 1] = colours[entry + 1] ?? 0;
    out[i * 3 + 2] = colours[entry + 2] ?? 0;
  }
  return out;
}

/**
 * The Palette Color Lookup Table module (PS3.3 C.7.9).
 *
 * @throws Error when a table is missing, segmented or too short.
 */
export function readPalette(dataSet: DataSet, signed: boolean): Palette {
  const planes = ['1', '2', '3'].map((n) => readTable(dataSet, `x0028110${n}`, `x0028120${n}`));
  const [red, green, blue] = planes;
  if (!red || !green || !blue || green.length !== red.length || blue.length !== red.length) {
    throw new Error('its palette is not complete');
  }
  const colours = new Float32Array(red.length * 3);
  for (let i = 0; i < red.length; i++) {
    colours[i * 3] = red[i] ?? 0;
    colours[i * 3 + 1] = green[i] ?? 0;
    colours[i * 3 + 2] = blue[i] ?? 0;
  }
  const first = (signed ? signed16 : unsigned16)(dataSet, 'x00281101', 1) ?? 0;
  return { first, colours };
}

function readTable(dataSet: DataSet, descriptorTag: string, dataTag: string): Float32Array {
  const entries = readEntries(dataSet, descriptorTag, dataTag, 'palette');
  if (!entries) throw new Error('its palette is missing or segmented');
  const most = unsigned16(dataSet, descriptorTag, 2) === 8 ? 255 : 65535;
  return Float32Array.from(entries, (value) => (Math.min(value, most) * 255) / most);
}
