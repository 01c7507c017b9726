import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { floatBytes, pickle, pth } from '../model/checkpoint-fixtures.ts';
import { skipWithoutChromium, withPage } from './harness.ts';
import { PLUGIN_FOLDER, UMD_FOLDER, buildPlugin, buildUmd, packPlugin } from './plugin.ts';

/** All that a browser may ever load of ours, compressed, without ONNX Runtime's files. */
const LIMIT_KB = 500;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = ['/plugins/salt/extension.js', '/plugins/salt/mode.js'];

describe('the bundled plug-in', () => {
  before(() => {
    buildPlugin();
    buildUmd();
  });

  test(`is at most ${LIMIT_KB} KB, compressed`, () => {
    const sizes = readdirSync(PLUGIN_FOLDER)
      .filter((name) => /\.m?js$/.test(name))
      .map((name) => ({ name, text: readFileSync(join(PLUGIN_FOLDER, name)) }))
      .filter(({ text }) => !text.includes('ort-wasm-simd-threaded'))
      .map(({ name, text }) => ({ name, bytes: gzipSync(text).length }));
    const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
    const list = sizes.map(({ name, bytes }) => `${name} ${(bytes / 1000).toFixed(0)}`).join(', ');
    assert.ok(total > 20, `nothing was measured: ${list}`);
    assert.ok(total <= LIMIT_KB, `${total.toFixed(0)} KB: ${list}`);
  });

  test('does not say where it was built', () => {
    const telling = [PLUGIN_FOLDER, UMD_FOLDER]
      .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
      .filter((path) => /\.[cm]?js$/.test(path))
      .filter((path) => readFileSync(path, 'utf8').includes('file:///'));
    assert.deepEqual(telling, []);
  });

  test('as packed is found by a build of OHIF', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'ohif-salt-packed-'));
    try {
      for (const unpacked of Object.values(await packPlugin(folder))) {
        assert.equal(
          readFileSync(join(unpacked, 'LICENSE'), 'utf8'),
          readFileSync(join(ROOT, 'LICENSE'), 'utf8'),
        );
      }
      // As OHIF writes it from pluginConfig.json.
      writeFileSync(
        join(folder, 'plugins.js'),
        `export async function load(name) {
          if (name === '@ohif-salt/extension') {
            const imported = await import('@ohif-salt/extension');
            return imported.default;
          }
          if (name === '@ohif-salt/mode') {
            const imported = await import('@ohif-salt/mode');
            return imported.default;
          }
        }`,
      );
      writeFileSync(
        join(folder, 'webpack.config.cjs'),
        `module.exports = ${JSON.stringify({
          mode: 'development',
          target: 'node',
          context: folder,
          entry: './plugins.js',
          output: {
            path: folder,
            filename: 'built.cjs',
            chunkFilename: '[id].cjs',
            library: { type: 'commonjs2' },
          },
          // The viewer's React.
          resolve: { modules: ['node_modules', join(ROOT, 'node_modules')] },
        })}`,
      );
      const cli = join(ROOT, 'node_modules/webpack-cli/bin/cli.js');
      execFileSync(process.execPath, [cli, '--config', join(folder, 'webpack.config.cjs')], { cwd: ROOT });
      // Where the viewer's own script came from.
      const currentScript = { tagName: 'SCRIPT', src: 'http://localhost/app.js' };
      Object.assign(globalThis, { document: { currentScript } });
      context.after(() => Reflect.deleteProperty(globalThis, 'document'));
      const { load } = createRequire(import.meta.url)(join(folder, 'built.cjs')) as {
        load: (name: string) => Promise<{ id: string } | undefined>;
      };
      for (const name of ['@ohif-salt/extension', '@ohif-salt/mode']) {
        assert.equal((await load(name))?.id, name);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  describe('in a page', { skip: skipWithoutChromium }, () => {
    test('loads as ES modules, and ONNX Runtime not with them', async () => {
      const { ids, requests } = await withPage(async (page) => {
        const requests: string[] = [];
        page.on('request', (request) => requests.push(new URL(request.url()).pathname));
        const ids = await page.evaluate(async (urls) => {
          const modules = (await Promise.all(urls.map((url) => import(url)))) as {
            default: { id: string };
          }[];
          return modules.map((module) => module.default.id);
        }, MODULES);
        return { ids, requests };
      });
      assert.deepEqual(ids, ['@ohif-salt/extension', '@ohif-salt/mode']);
      assert.deepEqual(
        requests.filter((path) => /\/ort|\.wasm|worker/.test(path)),
        [],
      );
    });

    test('has a worker that reads what torch.save writes', async () => {
      const six = pickle.tensor({ key: '0', length: 6, shape: [6], strides: [1] });
      const file = pth(pickle.program(pickle.dict({ 'a.weight': six })), {
        0: floatBytes(0, 1, 2, 3, 4, 5),
      });
      const answer = await withPage((page) =>
        page.evaluate(
          (bytes) =>
            new Promise((resolve) => {
              const worker = new Worker('/plugins/salt/worker.js', { type: 'module' });
              worker.onmessage = ({ data }) => resolve(data);
              worker.onerror = ({ message }) => resolve(message);
              const settings = { assets: '/plugins/salt/', models: [], device: 'wasm', threads: 1 };
              worker.postMessage({ kind: 'serve', settings });
              const files = [new File([Uint8Array.from(bytes)], 'six.pth')];
              worker.postMessage({ kind: 'call', id: 1, method: 'importModel', args: [files] });
            }),
          [...file],
        ),
      );
      // Which cannot be said before its directory and the names in it are read.
      assert.match(JSON.stringify(answer), /"kind":"error".*holds no SAM: it has no image encoder/u);
    });

    test("loads as UMD with the viewer's React", async () => {
      const found = await withPage(async (page) => {
        for (const path of [
          'react/react.production.min.js',
          'react-dom/react-dom.production.min.js',
          'plugins/umd/extension.umd.cjs',
          'plugins/umd/mode.umd.cjs',
        ]) {
          await page.addScriptTag({ url: `/${path}` });
        }
        return page.evaluate(() => {
          const globals = globalThis as unknown as Record<
            string,
            { default: { id: string; getPanelModule?: unknown; modeFactory?: unknown } } | undefined
          >;
          const extension = globals['@ohif-salt/extension']?.default;
          const mode = globals['@ohif-salt/mode']?.default;
          return [extension?.id, typeof extension?.getPanelModule, mode?.id, typeof mode?.modeFactory];
        });
      });
      assert.deepEqual(found, ['@ohif-salt/extension', 'function', '@ohif-salt/mode', 'function']);
    });

    test('brings React as UMD from outside alone', () => {
      const text = readFileSync(join(UMD_FOLDER, 'extension.umd.cjs'), 'utf8');
      assert.ok(!text.includes('react-dom.production'), 'react-dom is in the UMD build');
      assert.match(text, /require\(["']react["']\)/);
    });
  });
});
