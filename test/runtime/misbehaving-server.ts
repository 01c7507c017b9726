import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request; `turn` counts them from 0. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse, turn: number) => void;

export interface MisbehavingServer {
  readonly origin: string;
  /** What each request asked for: its method and URL, and its Range if it had one. */
  readonly requests: readonly { readonly url: string; readonly range?: string }[];
  close(): Promise<void>;
}

export async function startMisbehaving(behaviour: Behaviour): Promise<MisbehavingServer> {
  const requests: { url: string; range?: string }[] = [];
  const server = createServer((request, response) => {
    const { range } = request.headers;
    requests.push({ url: request.url ?? '', ...(range !== undefined && { range }) });
    behaviour(request, response, requests.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
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

/** Announces the whole file, sends its first bytes and breaks the connection. */
export function truncateAt(file: Uint8Array, bytes: number): Behaviour {
  return (_, response) => {
    response.writeHead(200, { etag: etagOf(file), 'content-length': file.length });
    response.write(file.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
  };
}

/** The first behaviour for the first request, and so on; the last for all that follow. */
export function inTurn(...behaviours: readonly Behaviour[]): Behaviour {
  return (request, response, turn) => {
    behaviours[Math.min(turn, behaviours.length - 1)]?.(request, response, turn);
  };
}

/** Answers with a status, headers and a text. */
export function say(status: number, headers: Record<string, string> = {}, text = ''): Behaviour {
  return (_, response) => void response.writeHead(status, headers).end(text);
}
