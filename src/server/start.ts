import { existsSync } from 'node:fs';
import { maxHeaderSize } from 'node:http';
import { join } from 'node:path';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { SaltError } from '../protocol/errors.ts';
import { FolderArchive } from './archive/folder-archive.ts';
import type { FolderArchiveOptions } from './archive/folder-archive.ts';
import { statusOf } from './dicomweb/answers.ts';
import { addDicomWeb } from './dicomweb/plugin.ts';
import { MODELS_FOLDER, PLUGIN_FOLDER } from './paths.ts';
import { addProxy, probeArchive } from './proxy.ts';
import type { RemoteArchive } from './proxy.ts';
import { addSecurity, hostInUrl } from './security.ts';
import { ARCHIVE_PATH, appConfig } from './viewer/app-config.ts';
import { addViewerFiles } from './viewer/files.ts';

export type ArchiveOptions =
  | ({ readonly kind: 'folder'; readonly name?: string } & FolderArchiveOptions)
  | ({ readonly kind: 'remote' } & RemoteArchive);

export interface ViewerServerOptions {
  readonly archive: ArchiveOptions;
  /** OHIF's `dist`. Without it there are only the plug-in and the archive. */
  readonly viewerDir?: string | undefined;
  /** Default: where the build puts the plug-in. */
  readonly pluginDir?: string | undefined;
  /** Default: the models that come with the package. */
  readonly modelsDir?: string | undefined;
  /** Default: 127.0.0.1, this machine alone: there is no log-in. */
  readonly host?: string | undefined;
  /** Default: 8055. The next free one is taken where it is not; 0 takes any. */
  readonly port?: number | undefined;
  /** Told what a person who started the server should know. */
  readonly tell?: ((line: string) => void) | undefined;
}

export interface ViewerServer {
  /** Where to open the viewer, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** The folder behind the archive; undefined for one elsewhere. */
  readonly archive: FolderArchive | undefined;
  close(): Promise<void>;
}

export const DEFAULT_PORT = 8055;
const PORTS_TRIED = 20;
/** Of one request to store; files are checked in memory. */
const MOST_BODY_BYTES = 2 ** 32;
const FIRST_LEFT_OUT = 5;

/**
 * Serves the viewer with the plug-in and an archive from one address.
 *
 * @throws SaltError `INVALID_ARGUMENT` for a folder that is no viewer or when no port is free, `FILE_UNREADABLE` for a
 *   folder of images, or a file with an archive's token, that cannot be read.
 */
export async function startViewerServer(options: ViewerServerOptions): Promise<ViewerServer> {
  const { viewerDir, pluginDir = PLUGIN_FOLDER, modelsDir = MODELS_FOLDER, host = '127.0.0.1' } = options;
  const tell = options.tell ?? (() => undefined);
  if (viewerDir !== undefined && !existsSync(join(viewerDir, 'index.html'))) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `${viewerDir} has no index.html: give the "dist" folder of OHIF.`,
    );
  }
  const server = Fastify({
    bodyLimit: MOST_BODY_BYTES,
    forceCloseConnections: true,
    // A list of frames may be as long as Node takes a request's first lines.
    routerOptions: { maxParamLength: maxHeaderSize },
  });
  server.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error);
    const said = error instanceof Error ? error.message : String(error);
    // The system's own words would show paths.
    const message =
      status === 410 ? 'The file behind this is gone. Start the server anew to read the folder again.' : said;
    if (status === 500) tell(`Failed: ${message}`);
    void reply
      .code(status)
      .type('application/json')
      .send(JSON.stringify({ error: message }));
  });
  addSecurity(server, host);
  const plugin = existsSync(join(pluginDir, 'extension.js'));
  if (!plugin) tell(`There is no plug-in in ${pluginDir}: the viewer runs without it.`);
  const archive = await addArchive(server, options.archive, tell);
  const config = appConfig({ plugin, ...describe(options.archive) });
  await addViewerFiles(server, { viewerDir, pluginDir, modelsDir, config });
  const port = await listen(server, host, options.port ?? DEFAULT_PORT, tell);
  return {
    url: `http://${hostInUrl(host)}:${port}`,
    port,
    archive,
    close: () => server.close(),
  };
}

async function addArchive(
  server: FastifyInstance,
  options: ArchiveOptions,
  tell: (line: string) => void,
): Promise<FolderArchive | undefined> {
  if (options.kind === 'remote') {
    const fault = await probeArchive(options);
    if (fault !== undefined) tell(fault);
    await addProxy(server, options, ARCHIVE_PATH, tell);
    return undefined;
  }
  const archive = await FolderArchive.open(options);
  const missed = archive.leftOut.filter(({ isMissed }) => isMissed);
  for (const { path, reason } of missed.slice(0, FIRST_LEFT_OUT)) tell(`Left out ${path}: ${reason}`);
  if (missed.length > FIRST_LEFT_OUT)
    tell(`... and ${missed.length - FIRST_LEFT_OUT} more that cannot be read.`);
  if (archive.duplicates.length > 0) {
    tell(`${archive.duplicates.length} files hold the same objects as others and are passed over.`);
  }
  await server.register(
    async (scope) => {
      addDicomWeb(scope, archive, ARCHIVE_PATH, tell);
    },
    { prefix: ARCHIVE_PATH },
  );
  return archive;
}

function describe(options: ArchiveOptions): { archiveName: string; archiveUrl?: string } {
  if (options.kind === 'remote') return { archiveName: options.url, archiveUrl: options.url };
  return { archiveName: options.name ?? options.folder };
}

async function listen(
  server: FastifyInstance,
  host: string,
  wanted: number,
  tell: (line: string) => void,
): Promise<number> {
  for (let port = wanted; ; port++) {
    try {
      await server.listen({ host, port });
      const address = server.server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EADDRINUSE' && wanted !== 0 && port < Math.min(65_535, wanted + PORTS_TRIED)) {
        tell(`Port ${port} is taken; trying ${port + 1}.`);
        continue;
      }
      await server.close();
      throw new SaltError(
        'INVALID_ARGUMENT',
        `No address to listen on: ${error instanceof Error ? error.message : String(error)}. Choose another --host or --port.`,
        { host, port },
        { cause: error },
      );
    }
  }
}
