import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Bundles the pages of the browser tests, one module each, from what `tsc -p tsconfig.pages.json` wrote.
 * ONNX Runtime's WASM files are not bundled: they are served beside it, see WebDeviceOptions.assets.
 */
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const compiled = at('out/pages/test/browser/pages/');

export default {
  name: 'pages',
  mode: 'development',
  devtool: 'source-map',
  target: ['web', 'es2022'],
  entry: Object.fromEntries(
    readdirSync(at('test/browser/pages'))
      .map((name) => name.replace(/\.ts$/, ''))
      .map((name) => [name, `${compiled}${name}.js`]),
  ),
  output: {
    path: at('out/web'),
    filename: '[name].js',
    module: true,
    library: { type: 'module' },
    clean: true,
  },
  resolve: {
    conditionNames: ['onnxruntime-web-use-extern-wasm', 'import', 'module', 'browser', 'default'],
    // The image codecs ask for these where they run in Node.
    fallback: { fs: false, path: false },
  },
  performance: false,
  stats: 'errors-warnings',
};
