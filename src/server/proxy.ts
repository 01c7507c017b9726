import httpProxy from '@fastify/http-proxy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { reasonOf } from '../imaging/dicom/errors.ts';
import { SaltError } from '../protocol/errors.ts';
import { authorizationBy } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { HttpError } from './dicomweb/answers.ts';
import { ownOrigin } from './own-origin.ts';

/** An archive elsewhere. */
export interface RemoteArchive {
  /** Root of its DICOMweb services without a slash at the end, e.g. `http://host:8042/dicom-web`. */
  readonly url: string;
  readonly credentials: Credentials;
}

/** How long an archive may take to begin an answer, and to go on with one. */
const PATIENCE_MS = 5 * 60_000;
const PROBE_MS = 10_000;

const ANOTHER_WAY_IN: Readonly<Record<Credentials['kind'], string>> = {
  none: 'give --dicomweb-user name:password, or --dicomweb-token-file with a bearer token.',
  user: 'are the name and the password right, and does it take them (else give --dicomweb-token-file)?',
  token: 'has the token expired? The file is read anew for each request.',
};

/**
 * @param address may carry a user name and a password.
 * @param given in place of those of the address.
 * @throws SaltError `INVALID_ARGUMENT`
 */
export function remoteArchive(address: string, given?: Credentials): RemoteArchive {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw invalid(address);
  }
  if (!['http:', 'https:'].includes(url.protocol)) throw invalid(address);
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/u, '')}`,
    credentials: given ?? credentialsIn(url),
  };
}

/** @throws SaltError `INVALID_ARGUMENT`, which does not repeat the password */
function credentialsIn({ username, password }: URL): Credentials {
  if (username === '') return { kind: 'none' };
  try {
    return { kind: 'user', user: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` };
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

/**
 * What is wrong with the archive, in a sentence; undefined when it answers a search.
 * @throws SaltError `FILE_UNREADABLE` where its token cannot be read
 */
export async function probeArchive({ url, credentials }: RemoteArchive): Promise<string | undefined> {
  const authorization = await authorizationBy(credentials);
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
      return refusal(url, response.status, credentials);
    }
    return `The archive at ${url} answers a search with HTTP ${response.status}: is that the root of its DICOMweb services?`;
  } catch (error) {
    return unreachable(url, error);
  }
}

/**
 * The archive at `prefix`, so that the browser needs no leave of it to read from another origin.
 * @param tell told of what keeps the archive from answering that a page cannot know: once, until it answers again.
 */
export async function addProxy(
  server: FastifyInstance,
  { url, credentials }: RemoteArchive,
  prefix: string,
  tell: (line: string) => void,
): Promise<void> {
  const { origin, pathname } = new URL(url);
  let told = '';
  const tellOnce = (line: string): void => {
    if (line !== told) tell(line);
    told = line;
  };
  /** What was asked of the archive: other answers are our own. */
  const passedOn = new WeakSet<FastifyRequest>();
  await server.register(async (scope) => {
    scope.addHook('onRequest', async (request) => {
      const { headers } = request;
      try {
        headers.authorization = (await authorizationBy(credentials)) ?? headers.authorization;
      } catch (error) {
        // Its own words name a file of this machine.
        tellOnce(reasonOf(error));
        throw new HttpError(
          502,
          'This server has lost its token for the archive. Where it was started stands why.',
        );
      }
      passedOn.add(request);
    });
    scope.addHook('onResponse', async (request, { statusCode }) => {
      if (!passedOn.has(request)) return;
      if (statusCode === 401 || statusCode === 403) tellOnce(refusal(url, statusCode, credentials));
      else if (statusCode < 400) told = '';
    });
    await scope.register(httpProxy, {
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
          };
        },
        rewriteHeaders: ({ 'www-authenticate': _challenge, ...headers }) => headers,
        onError: (reply, { error }) => {
          void reply.code(502).send({ error: unreachable(url, error) });
        },
      },
    });
  });
}

function refusal(url: string, status: number, { kind }: Credentials): string {
  return `The archive at ${url} refuses (HTTP ${status}): ${ANOTHER_WAY_IN[kind]}`;
}

function unreachable(url: string, error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return `The archive at ${url} does not answer (${reasonOf(cause)}). Is it running, and reachable from here?`;
}
