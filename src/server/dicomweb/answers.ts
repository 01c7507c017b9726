import type { FastifyReply, FastifyRequest } from 'fastify';
import { SaltError } from '../../protocol/errors.ts';
import type { Scope } from '../archive/instance-index.ts';
import { ownOrigin } from '../own-origin.ts';

/** An answer that is no success, with a sentence for people. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HttpError';
    this.status = status;
  }
}

/** HTTP status of an error; 500 for one that nobody foresaw. */
export function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status;
  if (error instanceof SaltError) {
    return error.code === 'DICOM_UNSUPPORTED' ? 406 : 500;
  }
  // Fastify's own, e.g. for a body of unknown type.
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number')
    return error.statusCode;
  // A file that was there when the folder was read.
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 410;
  return 500;
}

export type Params = Readonly<Partial<Record<'study' | 'series' | 'sop' | 'frames' | '*', string>>>;

/** The part of the archive that a URL names. */
export function scopeOf({ study, series, sop }: Params): Scope {
  return { study, series, sop };
}

/** Where clients reach the archive: the address that they asked, since others may not lead here. */
export function baseUrl(request: FastifyRequest, prefix: string): string {
  return `${ownOrigin(request)}${prefix}`;
}

export function instanceUrl(
  base: string,
  { study, series, sop }: { study: string; series: string; sop: string },
) {
  return `${base}/studies/${study}/series/${series}/instances/${sop}`;
}

export function sendJson(reply: FastifyReply, status: number, value: unknown): FastifyReply {
  // As bytes, since a `charset` would be added to text, and clients compare the media type letter by letter.
  return reply
    .code(status)
    .type('application/dicom+json')
    .send(Buffer.from(JSON.stringify(value)));
}
