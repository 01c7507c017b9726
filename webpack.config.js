import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import webpack from 'webpack';

/**
 * What browsers load, from what tsc compiled (see .ci/prepare.mjs):
 * - `pages`, the pages of the browser tests, in out/web/;
 * - `viewer` and `worker`, the plug-in for OHIF, in dist/viewer/;
 * - `umd`, the same for who builds OHIF, in dist/umd/.
 * ONNX Runtime's WASM files are not bundled but served beside the code: see WebDeviceOptions.assets.
 */
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const compiled = at('out/viewer/');
const hashed = { hashFunction: 'xxhash64' };
const outOfViewer = { ...hashed, path: at('dist/viewer/') };

const resolve = {
  conditionNames: ['onnxruntime-web-use-extern-wasm', 'import', 'module', 'browser', 'default'],
  // The image codecs ask for these where they run in Node.
  fallback: { fs: false, path: false },
};

/** ES modules, as a browser's own `import()` loads them. */
const modules = { module: true, library: { type: 'module' }, chunkFormat: 'module' };

const pages = {
  name: 'pages',
  mode: 'development',
  devtool: 'source-map',
  target: ['web', 'es2022'],
  entry: () => entriesOf('test/browser/pages', at('out/pages/test/browser/pages/')),
  output: { ...modules, path: at('out/web'), filename: '[name].js', clean: true },
  resolve,
};

/**
 * Zod can write its schemas as JSON Schema, which is a fifth of its code here; nothing in a browser asks it to. Nor does anything read an
 * entry of an archive, encrypted or not, or write one: of a checkpoint's, zip.js reads the directory alone.
 */
const withoutUnused = {
  ...resolve,
  alias: {
    '../core/to-json-schema.js': false,
    '../core/json-schema-processors.js': false,
    './aes-crypto-stream.js': false,
    './zip-crypto-stream.js': false,
    './core/zip-writer.js': false,
    './core/codec-worker-web.js': false,
  },
};

const plugin = {
  mode: 'production',
  devtool: 'source-map',
  resolve: withoutUnused,
  // A pass more than usual, and no notes for bundlers: browsers load it as it is. dcmjs's dictionary of private attributes, which it registers
  // as it loads, has none that we write.
  optimization: {
    minimizeOptions: { javascript: { compress: { passes: 3, pure_funcs: ['registerPrivatesModule'] } } },
  },
  module: {
    rules: [
      // Styles are text: whoever imports them decides where they go.
      { test: /\.css$/, type: 'asset/source' },
      // Our modules have no side effects but those that are entries, so what nobody uses falls away.
      { include: compiled, exclude: /(index|main|-worker\.web)\.js$/, sideEffects: false },
    ],
  },
};

/**
 * What a library is told of its own address must not be where it lay on the machine that built it; and ONNX Runtime
 * finds its files by what our code tells it, so that none of them is copied here.
 */
const addresses = [
  { include: /node_modules/, parser: { importMeta: false } },
  { include: /onnxruntime-web/, parser: { url: false, worker: false } },
];
const asModules = { ...plugin, module: { rules: [...plugin.module.rules, ...addresses] } };

/** The extension and the mode for a viewer that loads plug-ins by their address. */
const viewer = {
  ...asModules,
  name: 'viewer',
  target: ['web', 'es2022'],
  entry: { extension: `${compiled}extension/src/index.js`, mode: `${compiled}modes/salt/src/index.js` },
  output: {
    ...outOfViewer,
    ...modules,
    filename: '[name].js',
    chunkFilename: 'extension.[name].[contenthash:16].js',
  },
};

/** The browser's back end. A file of its own, because the extension starts it by its address. */
const worker = {
  ...asModules,
  name: 'worker',
  target: ['webworker', 'es2022'],
  entry: { worker: `${compiled}src/worker/main.js` },
  output: {
    ...outOfViewer,
    ...modules,
    filename: '[name].js',
    chunkFilename: 'worker.[name].[contenthash:16].js',
    assetModuleFilename: 'worker.[hash][ext]',
    chunkLoading: 'import',
    workerChunkLoading: 'import',
  },
};

/** The same for compiling into a build of OHIF, which brings React. One file each: OHIF copies it where it likes. */
const umd = ['extension', 'mode'].map((name) => ({
  ...plugin,
  name: `umd-${name}`,
  target: ['web', 'es2022'],
  entry: { [name]: viewer.entry[name] },
  output: {
    ...hashed,
    path: at('dist/umd/'),
    // In a package of "type": "module" the ending .js would make it an ES module, which exports nothing.
    filename: '[name].umd.cjs',
    library: { name: `@ohif-salt/${name}`, type: 'umd' },
    globalObject: 'globalThis',
  },
  plugins: [
    new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 }),
    // Scripts have no address of that kind.
    new webpack.DefinePlugin({ 'import.meta.url': 'undefined' }),
  ],
  externals: {
    react: external('React', 'react'),
    'react-dom': external('ReactDOM', 'react-dom'),
    'react-dom/client': external('ReactDOM', 'react-dom/client'),
  },
}));

export default [pages, viewer, worker, ...umd].map((config) => ({
  performance: false,
  stats: 'errors-warnings',
  ...config,
}));

function external(root, name) {
  return { root, commonjs: name, commonjs2: name, amd: name };
}

function entriesOf(sources, folder) {
  const names = readdirSync(at(sources)).map((name) => name.replace(/\.ts$/, ''));
  return Object.fromEntries(names.map((name) => [name, `${folder}${name}.js`]));
}
