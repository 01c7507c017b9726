import type { DataSet } from 'dicom-parser';
import { decimal, text, unsigned16 } from './data-set.ts';
import { dicomInvalid, dicomUnsupported } from './errors.ts';

/** The Image Pixel module (PS3.3 C.7.6.3) of a file, checked. */
export interface ImagePixel {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samples: 1 | 3;
  readonly photometric: Photometric;
  readonly bitsAllocated: 1 | 8 | 16;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  /** Colour planes one after another rather than pixel by pixel. */
  readonly planar: boolean;
}

const PHOTOMETRICS = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_RCT',
  'YBR_ICT',
] as const;

export type Photometric = (typeof PHOTOMETRICS)[number];

/** @throws SaltError DICOM_INVALID, DICOM_UNSUPPORTED. */
export function readImagePixel(dataSet: DataSet, fileName: string): ImagePixel {
  const need = (name: string, tag: string): number => {
    const value = unsigned16(dataSet, tag);
    if (value === undefined) throw dicomInvalid(fileName, `it has no ${name}`);
    return value;
  };
  if (!dataSet.elements['x7fe00010']) throw withoutPixelData(dataSet, fileName);

  const rows = need('Rows', 'x00280010');
  const columns = need('Columns', 'x00280011');
  const bitsAllocated = need('Bits Allocated', 'x00280100');
  const samples = unsigned16(dataSet, 'x00280002') ?? 1;
  const bitsStored = unsigned16(dataSet, 'x00280101') ?? bitsAllocated;
  const highBit = unsigned16(dataSet, 'x00280102') ?? bitsStored - 1;
  // Some write 0 for an image of one frame; that its pixels are there is checked.
  const frames = decimal(dataSet, 'x00280008') || 1;
  const declared = text(dataSet, 'x00280004') ?? (samples === 1 ? 'MONOCHROME2' : 'RGB');
  const photometric = PHOTOMETRICS.find((name) => name === declared);

  if (rows === 0 || columns === 0) throw dicomInvalid(fileName, `its image is ${columns} x ${rows} pixels`);
  if (!Number.isInteger(frames) || frames < 1) throw dicomInvalid(fileName, `it declares ${frames} frames`);
  if (!photometric) {
    throw dicomUnsupported(
      fileName,
      `photometric interpretation ${declared} is not supported`,
      'Convert it to RGB.',
    );
  }
  if (bitsAllocated !== 1 && bitsAllocated !== 8 && bitsAllocated !== 16) {
    throw dicomUnsupported(
      fileName,
      `${bitsAllocated} bits per sample are not supported`,
      'Convert it to 8 or 16.',
    );
  }
  const colour = photometric === 'RGB' || photometric.startsWith('YBR');
  if ((samples !== 1 && samples !== 3) || colour !== (samples === 3) || (colour && bitsAllocated === 1)) {
    throw dicomInvalid(
      fileName,
      `it declares ${samples} samples of ${bitsAllocated} bits per ${photometric} pixel`,
    );
  }
  if (bitsStored < 1 || bitsStored > bitsAllocated || highBit >= bitsAllocated || highBit < bitsStored - 1) {
    throw dicomInvalid(fileName, `it declares ${bitsStored} bits, up to bit ${highBit}, in ${bitsAllocated}`);
  }
  return {
    rows,
    columns,
    frames,
    samples,
    photometric,
    bitsAllocated,
    bitsStored,
    highBit,
    signed: unsigned16(dataSet, 'x00280103') === 1,
    planar: unsigned16(dataSet, 'x00280006') === 1,
  };
}

function withoutPixelData(dataSet: DataSet, fileName: string) {
  if (dataSet.elements['x7fe00008'] || dataSet.elements['x7fe00009']) {
    return dicomUnsupported(
      fileName,
      'floating-point pixel data is not supported',
      'Convert it to 16-bit integers.',
    );
  }
  const kind = text(dataSet, 'x00080060');
  return dicomUnsupported(
    fileName,
    `it holds no image${kind ? ` (modality ${kind})` : ''}`,
    'Choose image files; reports, presentation states and plans have no pixels.',
  );
}
