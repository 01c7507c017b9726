import httpProxy from '@fastify/http-proxy';
import type { FastifyInstance } from 'fastify';
import { reasonOf } from '../imaging/dicom/errors.ts';
import { SaltError } from '../protocol/errors.ts';
import { ownOrigin } from './own-origin.ts';

/** An archive elsewhere. */
export interface RemoteArchive {
  /** Root of its DICOMweb services without a slash at the end, e.g. `http://host:8042/dicom-web`. */
  readonly url: string;
  /** For the Authorization header; it stays on this side. */
  readonly authorization: string | undefined;
}

/** How long an archive may take to begin an answer, and to go on with one. */
const PATIENCE_MS = 5 * 60_000;
const PROBE_MS = 10_000;

/**
 * @param address may carry a user name and a password.
 * @param user `name:password`, in place of those of the address.
 * @throws SaltError `INVALID_ARGUMENT`
 */
export function remoteArchive(address: string, user?: string): RemoteArchive {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw invalid(address);
  }
  if (!['http:', 'https:'].includes(url.protocol)) throw invalid(address);
  const credentials = user ?? credentialsIn(url);
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/u, '')}`,
    authorization:
      credentials === undefined ? undefined : `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`,
  };
}

/** @throws SaltError `INVALID_ARGUMENT`, which does not repeat the password */
function credentialsIn({ username, password }: URL): string | undefined {
  if (username === '') return undefined;
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch (cause) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      'The user name or the password in the address of the archive has a "%" that stands for itself: write "%25" for it, ' +
        'or give them with --dicomweb-user name:password.',
      {},
      { cause },
    );
  }
}

function invalid(address: string): SaltError {
  return new SaltError(
    'INVALID_ARGUMENT',
    `"${address}" is no address of an archive. Give the root of its DICOMweb services, e.g. http://localhost:8042/dicom-web.`,
  );
}

/** What is wrong with the archive, in a sentence; undefined when it answers a search. */
export async function probeArchive({ url, authorization }: RemoteArchive): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/studies?limit=1`, {
      headers: {
        Accept: 'application/dicom+json',
        ...(authorization === undefined ? {} : { Authorization: authorization }),
      },
      signal: AbortSignal.timeout(PROBE_MS),
    });
    await response.arrayBuffer();
    if (response.ok) return undefined;
    if (response.status === 401 || response.status === 403) {
      return `The archive at ${url} refuses (HTTP ${response.status}): give --dicomweb-user name:password.`;
    }
    return `The archive at ${url} answers a search with HTTP ${response.status}: is that the root of its DICOMweb services?`;
  } catch (error) {
    return unreachable(url, error);
  }
}

/** The archive at `prefix`, so that the browser needs no leave of it to read from another origin. */
export async function addProxy(
  server: FastifyInstance,
  archive: RemoteArchive,
  prefix: string,
): Promise<void> {
  const { url, authorization } = archive;
  const { origin, pathname } = new URL(url);
  await server.register(httpProxy, {
    upstream: origin,
    prefix,
    rewritePrefix: pathname === '/' ? '' : pathname,
    undici: { headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS },
    replyOptions: {
      rewriteRequestHeaders: (request, headers) => {
        // Cookies of other programs on this machine are no business of the archive's.
        const { cookie: _cookie, origin: _origin, referer: _referer, ...rest } = headers;
        const { host, protocol } = new URL(ownOrigin(request));
        const proto = protocol.slice(0, -1);
        return {
          ...rest,
          // Orthanc and dcm4chee write the addresses in their answers by these.
          forwarded: `host=${host};proto=${proto}`,
          'x-forwarded-host': host,
          'x-forwarded-proto': proto,
          ...(authorization === undefined ? {} : { authorization }),
        };
      },
      rewriteHeaders: ({ 'www-authenticate': _challenge, ...headers }) => headers,
      onError: (reply, { error }) => {
        void reply.code(502).send({ error: unreachable(url, error) });
      },
    },
  });
}

function unreachable(url: string, error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return `The archive at ${url} does not answer (${reasonOf(cause)}). Is it running, and reachable from here?`;
}
