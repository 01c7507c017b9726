import type { FastifyInstance } from 'fastify';
import { HttpError } from './dicomweb/answers.ts';
import { ownOrigin } from './own-origin.ts';

/** Names by which a browser on this machine calls it. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]', '::1'];
const ANY_ADDRESS = ['0.0.0.0', '::', '[::]'];

export function isThisMachine(host: string): boolean {
  return THIS_MACHINE.includes(host);
}

function listensEverywhere(host: string): boolean {
  return ANY_ADDRESS.includes(host);
}

/** Of an address that a server listens on. Of all addresses localhost, at which browsers compute; an IPv6 one stands in brackets (RFC 3986 3.2.2). */
export function hostInUrl(host: string): string {
  if (listensEverywhere(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

/** As browsers write it: in lower case, an IPv6 address short and in brackets. */
function nameInUrls(host: string): string {
  try {
    return new URL(`http://${hostInUrl(host)}`).hostname;
  } catch {
    // With the name of a network card, say, which no browser takes.
    return host.toLowerCase();
  }
}

/**
 * - Cross-origin isolation, without which WASM has no threads.
 * - No connection to any other origin: images and segmentations cannot leave the page.
 * - No answer under another name (a page elsewhere could have its own name lead here, and then read the archive), and
 *   no change asked for by a page of another origin.
 *
 * @param host that the server listens on.
 */
export function addSecurity(server: FastifyInstance, host: string): void {
  server.addHook('onRequest', async (request) => {
    const names = [...THIS_MACHINE, nameInUrls(host)];
    // By what names others reach it is not known then.
    if (!listensEverywhere(host) && !names.includes(request.hostname.toLowerCase())) {
      throw new HttpError(
        421,
        `This server does not answer to the name "${request.hostname}". Open it as ${host}.`,
      );
    }
    const { origin } = request.headers;
    if (origin !== undefined && origin !== ownOrigin(request)) {
      throw new HttpError(403, 'Pages of other origins may not use this server.');
    }
  });
  server.addHook('onSend', async (_request, reply) => {
    void reply.headers({
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
      // OHIF's page has inline scripts, and vtk.js compiles code.
      'Content-Security-Policy':
        "default-src 'self' blob: data: 'unsafe-inline' 'unsafe-eval'; object-src 'none'; frame-ancestors 'self'",
    });
  });
}
