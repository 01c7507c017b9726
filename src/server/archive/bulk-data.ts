import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DataSet, Element } from 'dicom-parser';
import { EXPLICIT_BIG_ENDIAN } from '../../imaging/dicom/transfer-syntax.ts';
import { toLittleEndian } from '../dicom/byte-order.ts';
import { representation } from '../dicom/json.ts';
import { readHeader } from '../dicom/read-header.ts';

/**
 * A binary value, in little endian.
 *
 * @param place tags and one-based item numbers between slashes, as `toDicomJson` names them.
 * @returns undefined where there is no such value.
 * @throws SaltError `DICOM_INVALID`; errors of the file system as they are.
 */
export async function readBulkData(path: string, place: string): Promise<Uint8Array | undefined> {
  const header = await readHeader(path, basename(path));
  const steps = place.split('/');
  const tag = steps.pop() ?? '';
  const dataSet = header && descend(header.dataSet, steps);
  const element = dataSet?.elements[`x${tag.toLowerCase()}`];
  if (!header || !element || element.length < 0 || element.hadUndefinedLength === true) return undefined;
  const bytes = header.inflated
    ? Buffer.from(header.dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length))
    : await readAt(path, element.dataOffset, element.length);
  if (header.transferSyntax !== EXPLICIT_BIG_ENDIAN) return bytes;
  return toLittleEndian(bytes, representation(tag.toUpperCase(), element, false));
}

function descend(dataSet: DataSet, steps: readonly string[]): DataSet | undefined {
  let current: DataSet | undefined = dataSet;
  for (let i = 0; i + 1 < steps.length; i += 2) {
    const items: Element[] | undefined = current?.elements[`x${steps[i]?.toLowerCase() ?? ''}`]?.items;
    current = items?.[Number(steps[i + 1]) - 1]?.dataSet;
  }
  return steps.length % 2 === 0 ? current : undefined;
}

async function readAt(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - position)));
    await file.read(bytes, 0, bytes.length, position);
    return bytes;
  } finally {
    await file.close();
  }
}
