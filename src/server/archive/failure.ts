/** Failure Reason (0008,1197) of an instance that was not stored: PS3.18 table I.2-2 and PS3.7 annex C. */
export const FAILURE = {
  /** Refused: out of resources. */
  noSpace: 0xa700,
  /** Error: the data set does not match what was said about it. */
  mismatch: 0xa900,
  /** Error: cannot understand. */
  unreadable: 0xc000,
  processing: 0x0110,
  duplicate: 0x0111,
} as const;

/** Why one instance was not stored. */
export class StoreRefusal extends Error {
  readonly reason: number;
  /** As far as the file could be read. */
  readonly sop: string | undefined;
  readonly sopClass: string | undefined;

  constructor(
    reason: number,
    message: string,
    instance: { readonly sop: string; readonly sopClass: string } | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StoreRefusal';
    this.reason = reason;
    this.sop = instance?.sop;
    this.sopClass = instance?.sopClass;
  }
}
