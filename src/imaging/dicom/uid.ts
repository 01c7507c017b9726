import { newUuid } from '../../protocol/uuid.ts';

/** A new UID under 2.25: a random UUID as one decimal number (PS3.5 B.2). */
export function newUid(): string {
  const hex = newUuid().replaceAll('-', '');
  return `2.25.${BigInt(`0x${hex}`)}`;
}
