/** GET requests over HTTP, through whatever proxy the environment names, with errors that say what to do. */
import { Agent, EnvHttpProxyAgent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { SaltError } from '../../protocol/errors.ts';

export interface HttpAnswer {
  readonly status: number;
  /** The first value of a header; names in lower case. */
  header(name: string): string | undefined;
  /** Read it to its end, or abandon it by leaving the loop. @throws SaltError `DOWNLOAD_FAILED` */
  body(): AsyncIterable<Uint8Array>;
  /** Ends the connection of an answer whose body is not wanted. */
  discard(): void;
}

export interface HttpClient {
  /** @throws SaltError `DOWNLOAD_FAILED`, `DOWNLOAD_INVALID` for redirects that lead nowhere, `CANCELLED` */
  get(url: string, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** @param stallMs how long a server may stay silent, before its first byte and between any two */
export function openHttp(stallMs: number): HttpClient {
  const dispatcher = openDispatcher(stallMs);
  return {
    get: (url, headers, signal) => follow(dispatcher, url, headers, signal),
    close: () => dispatcher.destroy(),
  };
}

function openDispatcher(stallMs: number): Dispatcher {
  const options = { headersTimeout: stallMs, bodyTimeout: stallMs, connect: { timeout: stallMs } };
  const { env } = process;
  // Containers set those that they do not use to nothing.
  if (!(env.http_proxy || env.HTTP_PROXY || env.https_proxy || env.HTTPS_PROXY)) return new Agent(options);
  // It announces on every start that it may change, which is no concern of users: its version is fixed here.
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return new EnvHttpProxyAgent(options);
  } finally {
    process.emitWarning = emitWarning;
  }
}

async function follow(
  dispatcher: Dispatcher,
  from: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  const seen = new Set<string>();
  for (let url = from; ;) {
    if (seen.has(url) || seen.size > MAX_REDIRECTS) {
      throw invalid(
        from,
        `${from} sends from one address to the next without end. Tell whoever runs the server.`,
      );
    }
    seen.add(url);
    const answer = await ask(dispatcher, url, headers, signal);
    if (!REDIRECTS.has(answer.status)) return answer;
    answer.discard();
    const location = answer.header('location');
    const next = location === undefined ? null : tryUrl(location, url);
    if (!next || !/^https?:$/.test(next.protocol)) throw invalid(from, `${url} redirects to no address.`);
    if (url.startsWith('https:') && next.protocol === 'http:') {
      throw invalid(from, `${url} redirects to ${next.host} without encryption, which is not followed.`);
    }
    url = next.href;
  }
}

function tryUrl(location: string, base: string): URL | null {
  try {
    return new URL(location, base);
  } catch {
    return null;
  }
}

/**
 * Bytes that may wait to be written before the server is made to wait. undici ends the process with an assertion when a
 * server closes the connection just while it is made to wait (nodejs/undici#5360): it should hardly ever be.
 */
const READ_AHEAD = 64 * 2 ** 20;

async function ask(
  dispatcher: Dispatcher,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  const asked = request(url, { dispatcher, headers, signal: signal ?? null, highWaterMark: READ_AHEAD });
  const answer = await asked.catch((error: unknown) => {
    throw networkFailure(url, error, signal);
  });
  const { body } = answer;
  // An abandoned body reports that it was abandoned.
  body.on('error', () => undefined);
  return {
    status: answer.statusCode,
    header(name) {
      const value = answer.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    async *body() {
      try {
        for await (const chunk of body) yield chunk as Uint8Array;
      } catch (error) {
        throw networkFailure(url, error, signal);
      }
    },
    discard: () => body.destroy(),
  };
}

/** What each code of the system and of undici means, what to do, and whether to try again without being asked. */
const FAILURES: readonly (readonly [RegExp, says: string, again: boolean])[] = [
  [
    /ENOTFOUND|EAI_AGAIN/,
    'its address is not known. Is there an internet connection, or a proxy to name in HTTPS_PROXY?',
    false,
  ],
  [/ECONNREFUSED/, 'nothing answers there.', true],
  [/ENETUNREACH|EHOSTUNREACH/, 'there is no way to it. Is there an internet connection?', true],
  [/TIMEOUT|ETIMEDOUT/, 'it stays silent.', true],
  [
    /CERT|SELF_SIGNED|UNABLE_TO|TLS|SSL/,
    'its certificate is not trusted. Behind a proxy that inspects traffic, name its certificate in NODE_EXTRA_CA_CERTS.',
    false,
  ],
  [/Proxy response|PROXY/i, 'the proxy refused. Check HTTPS_PROXY and its user name and password.', false],
];

function networkFailure(url: string, error: unknown, signal: AbortSignal | undefined): SaltError {
  if (error instanceof SaltError) return error;
  if (signal?.aborted) return new SaltError('CANCELLED', 'Stopped.', {}, { cause: error });
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = `${typeof code === 'string' ? code : ''} ${typeof message === 'string' ? message : String(error)}`;
  const [, says, again] = FAILURES.find(([pattern]) => pattern.test(text)) ?? [
    /./,
    'the connection broke.',
    true,
  ];
  return new SaltError(
    'DOWNLOAD_FAILED',
    `${new URL(url).host} cannot be read: ${says}`,
    { url, again, reason: text.trim() },
    { cause: error },
  );
}

function invalid(url: string, message: string): SaltError {
  return new SaltError('DOWNLOAD_INVALID', message, { url });
}
