import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import Fastify from 'fastify';
import { addSecurity } from '../../src/server/security.ts';
import { startViewerServer } from '../../src/server/start.ts';
import type { ViewerServer } from '../../src/server/start.ts';
import { temporaryFolder, writeStudies } from './studies.ts';

const folder = temporaryFolder();
const viewerDir = join(folder, 'viewer');
const pluginDir = join(folder, 'plugin');
const images = join(folder, 'images');
let server: ViewerServer;

before(async () => {
  for (const path of [viewerDir, pluginDir, images]) mkdirSync(path);
  writeFileSync(join(viewerDir, 'index.html'), '<!doctype html><title>viewer</title>');
  writeFileSync(
    join(viewerDir, 'app-config.js'),
    'window.config = { dataSources: "https://elsewhere.example" }',
  );
  writeFileSync(join(viewerDir, 'app.bundle.0f6159c501addfe9.js'), '1');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(pluginDir, 'extension.js'), 'export default {}');
  writeStudies(images);
  server = await startViewerServer({
    archive: { kind: 'folder', folder: images },
    viewerDir,
    pluginDir,
    port: 0,
  });
});
after(() => server.close());

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, { headers });

/** With headers that fetch does not let anyone set. */
function statusFor(headers: Record<string, string>, method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.port, path: '/dicom-web/studies', method, headers };
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('the viewer', () => {
  it('is one page at all of its addresses, and nothing at others', async () => {
    for (const path of ['/', '/viewer?StudyInstanceUIDs=1.2', '/salt', '/local']) {
      const response = await get(path, { Accept: 'text/html' });
      assert.equal(response.status, 200, path);
      assert.match(await response.text(), /<title>viewer/u);
      assert.equal(response.headers.get('cache-control'), 'no-cache');
    }
    for (const path of [
      '/missing.js',
      '/plugins/salt/none.js',
      '/dicom-web/none',
      '/..%2fsecret.txt',
      '/plugins/salt/..%2f..%2fsecret.txt',
    ]) {
      const response = await get(path);
      assert.equal(response.status, 404, path);
      assert.doesNotMatch(await response.text(), /^secret/u);
    }
  });

  it('is told of our plug-in and of this archive, and of no other address', async () => {
    const script = await (await get('/app-config.js')).text();
    assert.doesNotMatch(script, /https?:/u);
    const window = { location: { origin: 'http://here' } } as Record<string, unknown>;
    runInNewContext(script, { window });
    const config = JSON.parse(JSON.stringify(window['config'])) as {
      extensions: string[];
      modes: string[];
      dataSources: { configuration: Record<string, unknown> }[];
    };
    assert.deepEqual(config.extensions, ['/plugins/salt/extension.js']);
    assert.deepEqual(config.modes, ['/plugins/salt/mode.js']);
    const source = config.dataSources[0]?.configuration;
    for (const root of ['wadoRoot', 'qidoRoot', 'wadoUriRoot'])
      assert.equal(source?.[root], 'http://here/dicom-web');
    assert.deepEqual(source?.['segmentation'], {
      store: { defaultMode: 'bitmap', transferSyntaxUID: '1.2.840.10008.1.2.1' },
    });
  });

  it('has what threads need on every answer, and the right types', async () => {
    for (const [path, type, cache] of [
      ['/', 'text/html; charset=utf-8', 'no-cache'],
      [
        '/app.bundle.0f6159c501addfe9.js',
        'application/javascript; charset=utf-8',
        'public, max-age=31536000, immutable',
      ],
      ['/plugins/salt/extension.js', 'application/javascript; charset=utf-8', 'no-cache'],
      [
        '/plugins/salt/salt-ort/ort-wasm-simd-threaded.mjs',
        'application/javascript; charset=utf-8',
        'no-cache',
      ],
      ['/plugins/salt/salt-ort/ort-wasm-simd-threaded.wasm', 'application/wasm', 'no-cache'],
      ['/plugins/salt/models/registry.json', 'application/json; charset=utf-8', 'no-cache'],
      ['/dicom-web/studies', 'application/dicom+json', 'no-store'],
      ['/none', 'application/json; charset=utf-8', null],
    ] as const) {
      const response = await get(path);
      await response.arrayBuffer();
      assert.equal(response.headers.get('content-type'), type, path);
      assert.equal(response.headers.get('cache-control'), cache, path);
      assert.equal(response.headers.get('cross-origin-opener-policy'), 'same-origin', path);
      assert.equal(response.headers.get('cross-origin-embedder-policy'), 'require-corp', path);
      assert.equal(response.headers.get('cross-origin-resource-policy'), 'same-origin', path);
    }
    assert.equal((await get('/plugins/salt/salt-ort/ort.min.js')).status, 404);
  });

  it('answers neither to another name nor to pages of another origin', async () => {
    assert.equal(await statusFor({ Host: `localhost:${server.port}` }), 200);
    assert.equal(await statusFor({ Host: 'evil.example' }), 421);
    assert.equal(await statusFor({ Origin: 'http://evil.example' }), 403);
    assert.equal(await statusFor({ Origin: 'http://evil.example' }, 'POST'), 403);
  });

  it('answers through a server before it, which says under what name it was asked', async () => {
    const Origin = 'https://viewer.example';
    const forwarded = { 'X-Forwarded-Host': 'viewer.example', 'X-Forwarded-Proto': 'https' };
    assert.equal(await statusFor({ Origin }), 403);
    assert.equal(await statusFor({ ...forwarded, Origin }), 200);
    assert.equal(await statusFor({ ...forwarded, Origin: 'https://evil.example' }), 403);
    assert.equal(
      await statusFor({ 'X-Forwarded-Host': 'viewer.example/x', Origin: 'http://viewer.example' }),
      403,
    );
    const metadata = await get(`/dicom-web/studies`, forwarded);
    const [study] = (await metadata.json()) as Record<string, { Value?: string[] }>[];
    assert.match(study?.['00081190']?.Value?.[0] ?? '', /^https:\/\/viewer\.example\/dicom-web\/studies\//u);
  });

  it('takes nothing from pages of other origins where it listens on all addresses', async () => {
    const bare = Fastify();
    addSecurity(bare, '0.0.0.0');
    bare.post('/', () => 'yes');
    const post = (origin: string) =>
      bare.inject({ method: 'POST', url: '/', headers: { host: '192.168.1.5:8055', origin } });
    assert.equal((await post('http://192.168.1.5:8055')).statusCode, 200);
    assert.notEqual((await post('http://evil.example')).statusCode, 200);
  });

  for (const [host, asked] of [
    ['fd00::1', '[fd00::1]:8055'],
    ['FD00:0:0::1', '[fd00::1]:8055'],
    ['MyBox', 'mybox:8055'],
    ['mybox', 'MyBox:8055'],
  ] as const) {
    it(`answers as ${asked} where it listens on ${host}`, async () => {
      const bare = Fastify();
      addSecurity(bare, host);
      bare.get('/', () => 'yes');
      assert.equal((await bare.inject({ url: '/', headers: { host: asked } })).statusCode, 200);
      const other = await bare.inject({ url: '/', headers: { host: 'evil.example' } });
      assert.notEqual(other.statusCode, 200);
    });
  }

  it('takes the next port where one is taken, and says so', async () => {
    const lines: string[] = [];
    const other = await startViewerServer({
      archive: { kind: 'folder', folder: images },
      pluginDir,
      port: server.port,
      tell: (line) => lines.push(line),
    });
    await other.close();
    assert.ok(other.port > server.port);
    assert.match(lines[0] ?? '', new RegExp(`^Port ${server.port} is taken`, 'u'));
  });
});
