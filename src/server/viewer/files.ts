import { existsSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ARCHIVE_PATH, PLUGIN_PATH } from './app-config.ts';

export interface ViewerFiles {
  /** OHIF's `dist`. */
  readonly viewerDir: string | undefined;
  /** Our bundles: extension.js, mode.js and what they load. */
  readonly pluginDir: string;
  readonly modelsDir: string;
  /** The generated app-config.js. */
  readonly config: string;
}

/** Names that the bundler makes of their content: `app.bundle.0f6159c501addfe9.js`, `0ddf166f7a343eda.wasm`. */
const HASHED = /(?:^|\.)[0-9a-f]{16}\.[a-z0-9]+$/u;
const ONNX_RUNTIME = fileURLToPath(import.meta.resolve('onnxruntime-web'));

/** The viewer at `/`, the plug-in, ONNX Runtime and the models under `/plugins/salt/`. */
export async function addViewerFiles(server: FastifyInstance, files: ViewerFiles): Promise<void> {
  const { viewerDir, pluginDir, modelsDir, config } = files;
  const shared = { index: false as const, cacheControl: false, decorateReply: false, setHeaders };
  await server.register(fastifyStatic, {
    ...shared,
    root: join(ONNX_RUNTIME, '..'),
    prefix: `${PLUGIN_PATH}/salt-ort/`,
    allowedPath: (path) => ['.mjs', '.wasm'].includes(extname(path)),
  });
  if (existsSync(modelsDir)) {
    await server.register(fastifyStatic, { ...shared, root: modelsDir, prefix: `${PLUGIN_PATH}/models/` });
  }
  if (existsSync(pluginDir)) {
    await server.register(fastifyStatic, { ...shared, root: pluginDir, prefix: `${PLUGIN_PATH}/` });
  }
  server.get('/app-config.js', (_request, reply) =>
    reply.header('Cache-Control', 'no-cache').type('application/javascript; charset=utf-8').send(config),
  );
  if (viewerDir === undefined) return;
  await server.register(fastifyStatic, { ...shared, decorateReply: true, root: viewerDir, prefix: '/' });
  server.get('/', (_request, reply) => sendIndex(reply, viewerDir));
  // The viewer's own addresses, such as /viewer or /salt, are one page.
  server.setNotFoundHandler((request, reply) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const isOurs = [ARCHIVE_PATH, PLUGIN_PATH].some(
      (path) => pathname === path || pathname.startsWith(`${path}/`),
    );
    const isPage = request.method === 'GET' && (request.headers.accept?.includes('text/html') ?? false);
    if (isPage && !isOurs) return sendIndex(reply, viewerDir);
    return reply.code(404).send({ error: `There is nothing at ${pathname}.` });
  });
}

function sendIndex(reply: FastifyReply, viewerDir: string): FastifyReply {
  return reply.header('Cache-Control', 'no-cache').sendFile('index.html', viewerDir);
}

function setHeaders(reply: FastifyReply, path: string): void {
  const isHashed = HASHED.test(basename(path));
  void reply.header('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
}
