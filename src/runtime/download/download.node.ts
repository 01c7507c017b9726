/** Fetches one file over HTTP, and goes on where it was interrupted, whatever the server does. */
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SaltError } from '../../protocol/errors.ts';
import { unwritable } from '../files.node.ts';
import { judge } from './judge-answer.ts';
import type { Start } from './judge-answer.ts';
import { openHttp } from './http.node.ts';
import type { HttpAnswer, HttpClient } from './http.node.ts';
import type { PartialFile } from './partial-file.node.ts';

export interface DownloadProgress {
  readonly bytes: number;
  /** Undefined where neither registry nor server know. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  /** What is known of the file's size beforehand, in bytes: a server that offers another has another file. */
  readonly bytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** What went wrong and was tried again. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** Called before anything is written, with the bytes still to come. May throw. */
  readonly beforeWriting?: ((bytes: number) => Promise<void>) | undefined;
  /** Silence after which a server counts as stalled. Default: 30 s. */
  readonly stallMs?: number | undefined;
  /** The first pause between attempts; each further one is twice as long. Default: 1 s. */
  readonly pauseMs?: number | undefined;
}

const STALL_MS = 30_000;
const PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** In a row without `PROGRESS_BYTES` gained. */
const ATTEMPTS = 5;
const PROGRESS_BYTES = 2 ** 20;

/**
 * Leaves the whole file in `part`; its content is not verified. When it fails or is stopped, what came so far stays in
 * `part`, for the next call. The URLs are tried in turn.
 * @throws SaltError `DOWNLOAD_FAILED`, `DOWNLOAD_REFUSED`, `DOWNLOAD_INVALID`, `CANCELLED`, `FILE_UNWRITABLE`
 */
export async function download(
  urls: readonly string[],
  part: PartialFile,
  options: DownloadOptions = {},
): Promise<void> {
  const http = openHttp(options.stallMs ?? STALL_MS);
  const failures: SaltError[] = [];
  try {
    for (const url of urls) {
      try {
        return await fromOne(http, url, part, options);
      } catch (error) {
        if (!(error instanceof SaltError) || !error.code.startsWith('DOWNLOAD_')) throw error;
        failures.push(error);
      }
    }
  } finally {
    await http.close();
  }
  const [first, ...others] = failures;
  if (!first) throw new SaltError('INVALID_ARGUMENT', 'There is no address to fetch the file from.');
  if (others.length === 0) throw first;
  const message = failures.map(({ message: text }) => text).join(' ');
  throw new SaltError(
    first.code,
    message,
    { failures: failures.map(({ details }) => details) },
    { cause: first },
  );
}

async function fromOne(
  http: HttpClient,
  url: string,
  part: PartialFile,
  options: DownloadOptions,
): Promise<void> {
  const { signal, onNotice, pauseMs = PAUSE_MS } = options;
  let hasRestarted = false;
  for (let failed = 0; ;) {
    const { bytes: before } = await part.resumable(url);
    try {
      return await attempt(http, url, part, options);
    } catch (error) {
      if (!(error instanceof SaltError)) throw error;
      if (signal?.aborted) throw new SaltError('CANCELLED', 'Stopped.', {}, { cause: error });
      const { restart, again, retryAfterMs } = error.details;
      if (restart === true && !hasRestarted) {
        hasRestarted = true;
        // Bytes of another file.
        await part.remove();
        onNotice?.(`${error.message} It is fetched from its start.`);
        continue;
      }
      const { bytes: now } = await part.resumable(url);
      failed = now - before >= PROGRESS_BYTES ? 1 : failed + 1;
      if (again !== true || failed >= ATTEMPTS) throw error;
      const pause = Math.max(
        pauseMs * 2 ** (failed - 1),
        typeof retryAfterMs === 'number' ? retryAfterMs : 0,
      );
      onNotice?.(`${error.message} Trying again.`);
      await sleep(Math.min(pause, LONGEST_PAUSE_MS), undefined, signal ? { signal } : {}).catch(() => {
        throw new SaltError('CANCELLED', 'Stopped.');
      });
    }
  }
}

async function attempt(
  http: HttpClient,
  url: string,
  part: PartialFile,
  options: DownloadOptions,
): Promise<void> {
  const { bytes: kept, origin } = await part.resumable(url);
  if (kept > 0 && kept === (origin?.total ?? options.bytes)) return;
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (origin?.validator !== undefined) {
    headers.range = `bytes=${kept}-`;
    headers['if-range'] = origin.validator;
  }
  const answer = await http.get(url, headers, options.signal);
  try {
    const start = judge(answer, { url, kept, origin, bytes: options.bytes });
    await receive(answer, start, url, part, options);
  } finally {
    answer.discard();
  }
}

/** Appends the body to what is kept. */
async function receive(
  answer: HttpAnswer,
  { offset, total, validator }: Start,
  url: string,
  part: PartialFile,
  options: DownloadOptions,
): Promise<void> {
  if (total !== undefined) await options.beforeWriting?.(total - offset);
  if (offset === 0) {
    await part.restart({
      url,
      ...(validator !== undefined && { validator }),
      ...(total !== undefined && { total }),
    });
  }
  let at = offset;
  const file = await open(part.path, offset === 0 ? 'w' : 'r+').catch((cause: unknown) => {
    throw unwritable(part.path, cause);
  });
  try {
    options.onProgress?.({ bytes: at, total });
    for await (const chunk of answer.body()) {
      if (at === 0) refuseWebPage(chunk, url);
      if (total !== undefined && at + chunk.byteLength > total) {
        throw new SaltError(
          'DOWNLOAD_INVALID',
          `${url} sends more than the ${total} bytes that it announced.`,
          {
            url,
            restart: true,
          },
        );
      }
      await file.write(chunk, 0, chunk.byteLength, at).catch((cause: unknown) => {
        throw unwritable(part.path, cause);
      });
      at += chunk.byteLength;
      options.onProgress?.({ bytes: at, total });
    }
  } finally {
    await file.close();
  }
  if (total !== undefined && at < total) {
    throw new SaltError('DOWNLOAD_FAILED', `${url} ended after ${at} of ${total} bytes.`, {
      url,
      again: true,
    });
  }
}

/** Whatever a login page or a proxy says of its type. */
function refuseWebPage(start: Uint8Array, url: string): void {
  const text = new TextDecoder('latin1').decode(start.subarray(0, 64));
  if (!/^\s*<(?:!doctype|html|head|\?xml)/i.test(text)) return;
  throw new SaltError(
    'DOWNLOAD_INVALID',
    `${url} answers with a web page in place of the file: a login, perhaps, or a proxy's warning. Open it in a browser to see.`,
    { url },
  );
}
