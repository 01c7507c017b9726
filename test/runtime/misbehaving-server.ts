import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request; `turn` counts them from 0, `written` says how many bytes the client has on disk, if it tells. */
export type Behaviour = (
  request: IncomingMessage,
  response: ServerResponse,
  turn: number,
  written: () => number | undefined,
) => void;

export interface MisbehavingServer {
  readonly origin: string;
  /** What each request asked for: its method and URL, and its Range if it had one. */
  readonly requests: readonly { readonly url: string; readonly range?: string }[];
  /** For the client to tell. */
  written: number | undefined;
  close(): Promise<void>;
}

export async function startMisbehaving(behaviour: Behaviour): Promise<MisbehavingServer> {
  const requests: { url: string; range?: string }[] = [];
  const server = createServer((request, response) => {
    const { range } = request.headers;
    requests.push({ url: request.url ?? '', ...(range !== undefined && { range }) });
    misbehaving.written = undefined;
    behaviour(request, response, requests.length - 1, () => misbehaving.written);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const misbehaving: MisbehavingServer = {
    written: undefined,
    origin: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return misbehaving;
}

export function etagOf(file: Uint8Array): string {
  return `"${createHash('sha256').update(file).digest('hex').slice(0, 16)}"`;
}

/** A server as it should be: ranges, If-Range, ETag, Content-Length. */
export function serveFile(file: Uint8Array): Behaviour {
  return ({ headers }, response) => {
    const etag = etagOf(file);
    const start = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
    if (start === undefined || (headers['if-range'] ?? etag) !== etag) {
      response.writeHead(200, { etag, 'content-length': file.length }).end(file);
    } else if (Number(start) >= file.length) {
      response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
    } else {
      const rest = file.subarray(Number(start));
      const range = `bytes ${start}-${file.length - 1}/${file.length}`;
      response.writeHead(206, { etag, 'content-range': range, 'content-length': rest.length }).end(rest);
    }
  };
}

/**
 * Announces the whole file, sends its first bytes and breaks the connection once the client has written them: it loses what
 * is still on its way.
 */
export function truncateAt(file: Uint8Array, bytes: number): Behaviour {
  return (_request, response, _turn, written) => {
    response.writeHead(200, { etag: etagOf(file), 'content-length': file.length });
    response.write(file.subarray(0, bytes), () => breakOnceWritten(response, bytes, written));
  };
}

/** Later at the latest: a client that does not tell has had the time then. */
const PATIENCE_MS = 400;

export function breakOnceWritten(
  response: ServerResponse,
  bytes: number,
  written: () => number | undefined,
): void {
  const since = Date.now();
  const timer = setInterval(() => {
    if ((written() ?? 0) < bytes && Date.now() - since < PATIENCE_MS) return;
    clearInterval(timer);
    response.destroy();
  }, 5);
}

/** The first behaviour for the first request, and so on; the last for all that follow. */
export function inTurn(...behaviours: readonly Behaviour[]): Behaviour {
  return (request, response, turn, written) => {
    behaviours[Math.min(turn, behaviours.length - 1)]?.(request, response, turn, written);
  };
}

/** Answers with a status, headers and a text. */
export function say(status: number, headers: Record<string, string> = {}, text = ''): Behaviour {
  return (_, response) => void response.writeHead(status, headers).end(text);
}
