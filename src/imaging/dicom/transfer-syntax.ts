/** How pixel data is written; the encapsulated ones are told apart further by the stream's own header. */
export type PixelEncoding = 'native' | 'rle' | 'jpeg' | 'jpeg-2000' | 'htj2k';

export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  readonly encoding: PixelEncoding;
}

export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const DEFLATED = '1.2.840.10008.1.2.1.99';
export const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';

const prefix = '1.2.840.10008.1.2';

/** PS3.6 annex A, those of still images that a codec here can read. `jpeg` covers lossless and JPEG-LS as well. */
const TABLE: readonly TransferSyntax[] = [
  { uid: prefix, name: 'Implicit VR Little Endian', encoding: 'native' },
  { uid: EXPLICIT_LITTLE_ENDIAN, name: 'Explicit VR Little Endian', encoding: 'native' },
  { uid: DEFLATED, name: 'Deflated Explicit VR Little Endian', encoding: 'native' },
  { uid: EXPLICIT_BIG_ENDIAN, name: 'Explicit VR Big Endian', encoding: 'native' },
  { uid: `${prefix}.5`, name: 'RLE Lossless', encoding: 'rle' },
  { uid: `${prefix}.4.50`, name: 'JPEG Baseline', encoding: 'jpeg' },
  { uid: `${prefix}.4.51`, name: 'JPEG Extended', encoding: 'jpeg' },
  { uid: `${prefix}.4.57`, name: 'JPEG Lossless', encoding: 'jpeg' },
  { uid: `${prefix}.4.70`, name: 'JPEG Lossless SV1', encoding: 'jpeg' },
  { uid: `${prefix}.4.80`, name: 'JPEG-LS Lossless', encoding: 'jpeg' },
  { uid: `${prefix}.4.81`, name: 'JPEG-LS Near-lossless', encoding: 'jpeg' },
  { uid: `${prefix}.4.90`, name: 'JPEG 2000 Lossless', encoding: 'jpeg-2000' },
  { uid: `${prefix}.4.91`, name: 'JPEG 2000', encoding: 'jpeg-2000' },
  { uid: `${prefix}.4.201`, name: 'HTJ2K Lossless', encoding: 'htj2k' },
  { uid: `${prefix}.4.202`, name: 'HTJ2K Lossless RPCL', encoding: 'htj2k' },
  { uid: `${prefix}.4.203`, name: 'HTJ2K', encoding: 'htj2k' },
];

/** Whether data sets state the representation of each value, in little endian; all compressed ones do (PS3.5 A.4). */
export function isExplicit(uid: string): boolean {
  return uid !== prefix && uid !== EXPLICIT_BIG_ENDIAN;
}

export function findTransferSyntax(uid: string): TransferSyntax | undefined {
  return TABLE.find((entry) => entry.uid === uid);
}
