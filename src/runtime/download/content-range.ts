export interface ContentRange {
  /** First byte; undefined in the answer to a range that does not exist. */
  readonly start?: number;
  /** Bytes of the whole file, where the server knows. */
  readonly total?: number;
}

/** A `Content-Range` header (RFC 9110, section 14.4); undefined when it is none. */
export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(header ?? '');
  if (!match) return undefined;
  const [, start, end, total] = match;
  if (start !== undefined && Number(end) < Number(start)) return undefined;
  return {
    ...(start !== undefined && { start: Number(start) }),
    ...(total !== '*' && { total: Number(total) }),
  };
}
