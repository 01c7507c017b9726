import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.cjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.map': 'application/json',
};

/** Headers that make a page cross-origin isolated, without which WASM has no threads. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** URL prefixes and the folders behind them. */
const FOLDERS: Record<string, string> = {
  '/pages/': root('out/web/'),
  '/ort/': root('node_modules/onnxruntime-web/dist/'),
  '/reference/': root('test/reference/'),
  '/models/': root('models/'),
  '/plugins/salt/': root('dist/viewer/'),
  '/plugins/umd/': root('dist/umd/'),
  '/react/': root('node_modules/react/umd/'),
  '/react-dom/': root('node_modules/react-dom/umd/'),
};

export interface StaticServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves what is bundled, ONNX Runtime's files and the references of test/reference, to this machine only. */
export async function startServer(isolated = true): Promise<StaticServer> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '/').then(({ status, type, file }) => {
      response.writeHead(status, {
        'Content-Type': type,
        'Cache-Control': 'no-store',
        ...(isolated ? ISOLATION : {}),
      });
      if (file) createReadStream(file).pipe(response);
      else response.end(status === 200 ? '<!doctype html><title>test</title>' : 'not found');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(url: string): Promise<{ status: number; type: string; file?: string }> {
  const path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname));
  if (path === '/') return { status: 200, type: 'text/html' };
  if (path === '/favicon.ico') return { status: 204, type: 'image/x-icon' };
  for (const [prefix, folder] of Object.entries(FOLDERS)) {
    if (!path.startsWith(prefix)) continue;
    const file = join(folder, path.slice(prefix.length));
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile())
      return { status: 200, type: TYPES[extname(file)] ?? 'application/octet-stream', file };
  }
  return { status: 404, type: 'text/plain' };
}
