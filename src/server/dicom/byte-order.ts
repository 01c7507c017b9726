/** Bytes of a unit of the representations whose bytes have an order. */
const UNITS: Readonly<Record<string, number>> = { OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 };

/**
 * A binary value of a big endian file in little endian, as DICOMweb has it (PS3.18 F.2.7).
 *
 * @param bytes are changed, unless they are no whole number of units.
 */
export function toLittleEndian(bytes: Buffer, vr: string): Buffer {
  const unit = UNITS[vr] ?? 1;
  if (bytes.length % unit !== 0) return bytes;
  if (unit === 2) return bytes.swap16();
  if (unit === 4) return bytes.swap32();
  return unit === 8 ? bytes.swap64() : bytes;
}
