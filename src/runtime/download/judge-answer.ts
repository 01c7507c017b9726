import { SaltError } from '../../protocol/errors.ts';
import { parseContentRange } from './content-range.ts';

export interface Asked {
  readonly url: string;
  /** Bytes already there, after which the server was asked to go on; 0 when the whole file was asked for. */
  readonly kept: number;
  /** What those bytes came from. */
  readonly origin:
    { readonly validator?: string | undefined; readonly total?: number | undefined } | undefined;
  /** The whole file's size, where it is known beforehand. */
  readonly bytes: number | undefined;
}

export interface Start {
  /** Where the body's first byte belongs. */
  readonly offset: number;
  readonly total: number | undefined;
  readonly validator: string | undefined;
}

interface Answer {
  readonly status: number;
  header(name: string): string | undefined;
}

/**
 * What an answer's body is: the whole file or the rest of it.
 * @throws SaltError `DOWNLOAD_REFUSED`, `DOWNLOAD_FAILED`, `DOWNLOAD_INVALID`; its details say `again: true` where the
 *   same question may be answered later, and `restart: true` where asking for the whole file may help
 */
export function judge(answer: Answer, asked: Asked): Start {
  const { status } = answer;
  if (status !== 200 && status !== 206) throw refusal(answer, asked);
  if (/^text\/html/i.test(answer.header('content-type') ?? '')) {
    throw invalid(
      asked,
      "answers with a web page in place of the file: a login, perhaps, or a proxy's warning. Open it in a browser to see.",
    );
  }
  const encoding = answer.header('content-encoding') ?? 'identity';
  if (encoding !== 'identity')
    throw invalid(asked, `sends the file encoded (${encoding}), which was not asked for.`);
  const start = status === 200 ? whole(answer) : rest(answer, asked);
  const { bytes } = asked;
  if (bytes !== undefined && start.total !== undefined && start.total !== bytes) {
    throw invalid(asked, `has a file of ${start.total} bytes; the one that was published has ${bytes}.`);
  }
  return { ...start, total: start.total ?? bytes };
}

function whole(answer: Answer): Start {
  const length = answer.header('content-length');
  return {
    offset: 0,
    total: length === undefined ? undefined : Number(length),
    validator: validatorOf(answer),
  };
}

function rest(answer: Answer, asked: Asked): Start {
  const { kept, origin } = asked;
  const range = parseContentRange(answer.header('content-range'));
  const total = range?.total ?? origin?.total;
  const validator = validatorOf(answer) ?? origin?.validator;
  const lies =
    kept === 0 ||
    range?.start !== kept ||
    (origin?.total !== undefined && total !== origin.total) ||
    validator !== origin?.validator;
  if (lies)
    throw invalid(asked, 'was asked to go on and sends another part, or a part of another file.', true);
  return { offset: kept, total, validator };
}

/** A weak ETag promises no equal bytes. */
function validatorOf(answer: Answer): string | undefined {
  const etag = answer.header('etag');
  return etag !== undefined && etag.startsWith('"') ? etag : answer.header('last-modified');
}

function refusal(answer: Answer, asked: Asked): SaltError {
  const { status } = answer;
  const { url, kept } = asked;
  const details = { url, status };
  if (status === 404 || status === 410) {
    return new SaltError(
      'DOWNLOAD_REFUSED',
      `${url} is not there (${status}). Has it moved, or is the mirror incomplete?`,
      details,
    );
  }
  if (status === 401 || status === 403 || status === 407) {
    return new SaltError(
      'DOWNLOAD_REFUSED',
      `${url} may not be read (${status}): it asks for a permission, or a proxy blocks it.`,
      details,
    );
  }
  if (status === 416 && kept > 0) return invalid(asked, 'has no such part of the file (416).', true);
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(answer.header('retry-after'));
    return new SaltError('DOWNLOAD_FAILED', `${url} cannot answer at the moment (${status}).`, {
      ...details,
      again: true,
      ...(seconds > 0 && { retryAfterMs: 1000 * seconds }),
    });
  }
  return invalid(asked, `gives an answer that makes no sense here (${status}).`);
}

function invalid({ url }: Asked, says: string, restart = false): SaltError {
  return new SaltError('DOWNLOAD_INVALID', `${url} ${says}`, { url, ...(restart && { restart }) });
}
