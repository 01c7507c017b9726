/** What a JPEG 2000 or HTJ2K codestream says of itself (ISO/IEC 15444-1 A.5.1, the SIZ marker). */
export interface Jpeg2000Header {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Significant bits of the first component. */
  readonly bits: number;
  /** Whether every component has a sample for each pixel. */
  readonly fullResolution: boolean;
}

/** @throws Error when the bytes are not a codestream, nor a JP2 file with one inside. */
export function readJpeg2000Header(bytes: Uint8Array): Jpeg2000Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = codestreamStart(view);
  if (start + 42 > view.byteLength || view.getUint32(start) !== 0xff4fff51) {
    throw new Error('no JPEG 2000 codestream');
  }
  const components = view.getUint16(start + 40);
  if (components === 0 || start + 42 + components * 3 > view.byteLength) {
    throw new Error('it ends inside the JPEG 2000 header');
  }
  const steps = Array.from({ length: components }, (_, i) => view.getUint16(start + 43 + i * 3));
  return {
    width: view.getUint32(start + 8) - view.getUint32(start + 16),
    height: view.getUint32(start + 12) - view.getUint32(start + 20),
    components,
    bits: (view.getUint8(start + 42) & 0x7f) + 1,
    fullResolution: steps.every((step) => step === 0x0101),
  };
}

/** DICOM wants a bare codestream; some writers wrap it in JP2 boxes all the same. */
function codestreamStart(view: DataView): number {
  if (view.byteLength < 12 || view.getUint32(4) !== 0x6a502020) return 0;
  let at = 0;
  while (at + 8 <= view.byteLength) {
    const length = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x6a703263) return at + 8;
    if (length < 8) break;
    at += length;
  }
  throw new Error('a JP2 file without a codestream');
}
