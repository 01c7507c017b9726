/** Files over `fetch`, with errors that say what to do. */
import { SaltError } from '../protocol/errors.ts';

/** @throws SaltError `DOWNLOAD_FAILED`, `DOWNLOAD_REFUSED`, `DOWNLOAD_INVALID`, `CANCELLED` */
export async function fetchText(url: string, signal?: AbortSignal): Promise<string> {
  const answer = await ask(url, signal);
  return answer.text().catch((error: unknown) => {
    throw broken(url, error, signal);
  });
}

/**
 * @param bytes that it must have: more are not read
 * @param onReceived told the bytes so far
 * @throws as `fetchText`
 */
export async function fetchBytes(
  url: string,
  bytes: number,
  signal: AbortSignal | undefined,
  onReceived: (received: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await ask(url, signal);
  const reader = answer.body?.getReader();
  const whole = new Uint8Array(bytes);
  let at = 0;
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) break;
      if (at + value.byteLength > bytes) {
        await reader?.cancel();
        throw new SaltError('DOWNLOAD_INVALID', `${url} is longer than its model's index says.`, { url });
      }
      whole.set(value, at);
      at += value.byteLength;
      onReceived(at);
    }
  } catch (error) {
    throw broken(url, error, signal);
  }
  if (at < bytes)
    throw new SaltError('DOWNLOAD_FAILED', `${url} ended after ${at} of ${bytes} bytes.`, { url });
  return whole;
}

/**
 * A file of any size, which the browser may keep in its own cache.
 * @param onReceived told the bytes so far, and of how many where the server says so
 * @throws as `fetchText`
 */
export async function fetchFile(
  url: string,
  signal: AbortSignal | undefined,
  onReceived: (received: number, total: number | undefined) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await ask(url, signal, 'default');
  const stated = Number(answer.headers.get('content-length') ?? NaN);
  // Of a compressed answer, the length is that of what goes over the wire.
  const isPlain = !answer.headers.has('content-encoding');
  const total = isPlain && Number.isSafeInteger(stated) && stated > 0 ? stated : undefined;
  const reader = answer.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) break;
      parts.push(value);
      received += value.byteLength;
      onReceived(received, total);
    }
  } catch (error) {
    throw broken(url, error, signal);
  }
  const whole = new Uint8Array(received);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

async function ask(
  url: string,
  signal: AbortSignal | undefined,
  // The store is the cache: the browser's own would keep everything twice.
  cache: RequestCache = 'no-store',
): Promise<Response> {
  const answer = await fetch(url, { cache, ...(signal && { signal }) }).catch((error: unknown) => {
    throw broken(url, error, signal);
  });
  const { status, ok } = answer;
  if (!ok) {
    const code = status === 408 || status === 429 || status >= 500 ? 'DOWNLOAD_FAILED' : 'DOWNLOAD_REFUSED';
    throw new SaltError(code, `${url} cannot be read (${status}).`, { url, status });
  }
  if (/^text\/html/i.test(answer.headers.get('content-type') ?? '')) {
    throw new SaltError(
      'DOWNLOAD_INVALID',
      `${url} answers with a web page: a login, perhaps. Open it to see.`,
      { url },
    );
  }
  return answer;
}

function broken(url: string, error: unknown, signal: AbortSignal | undefined): SaltError {
  if (error instanceof SaltError) return error;
  if (signal?.aborted) return new SaltError('CANCELLED', 'Stopped.', {}, { cause: error });
  const why = error instanceof Error ? error.message : String(error);
  return new SaltError(
    'DOWNLOAD_FAILED',
    `${url} cannot be read: ${why}. Try again when there is a connection; what has come whole is not fetched again.`,
    { url },
    { cause: error },
  );
}
