import { createHash } from 'node:crypto';

/** A UID under 2.25 (PS3.5 B.2) that follows from `name` alone: equal names give equal files. */
export function stableUid(name: string): string {
  const bytes = createHash('sha256').update(`ohif-salt demonstration ${name}`).digest().subarray(0, 16);
  // Marked as a UUID made from a name (RFC 9562, version 8).
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}
