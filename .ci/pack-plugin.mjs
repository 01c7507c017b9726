/**
 * Before `npm pack` of the extension or the mode: builds the plug-in and copies into the package what belongs to it.
 * Run by npm in the package's folder: `node pack-plugin.mjs extension|mode`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [name] = process.argv.slice(2);
/** The mode needs nothing but itself; the extension brings its worker and all that is loaded later. */
const belongs = (file) => (file.startsWith('mode.') ? name === 'mode' : name === 'extension');

const { status } = spawnSync(process.execPath, [join(root, '.ci/prepare.mjs'), '--plugin', '--umd'], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);
const target = resolve('dist');
// npm packs it from the package's own folder alone.
cpSync(join(root, 'LICENSE'), resolve('LICENSE'));
rmSync(target, { recursive: true, force: true });
mkdirSync(target);
for (const built of [join(root, 'dist/viewer'), join(root, 'dist/umd')]) {
  for (const file of readdirSync(built).filter((file) => !file.startsWith('.') && belongs(file))) {
    cpSync(join(built, file), join(target, file));
  }
}
if (name === 'extension') {
  // What the browser fetches from beside the extension.
  cpSync(join(root, 'models/salt-tiny'), join(target, 'models/salt-tiny'), { recursive: true });
  // A build of OHIF copies all of this beside its own files, where an `ort/` is already.
  const runtime = join(root, 'node_modules/onnxruntime-web/dist');
  for (const file of readdirSync(runtime).filter((file) => /^ort-wasm.*\.(mjs|wasm)$/.test(file))) {
    cpSync(join(runtime, file), join(target, 'salt-ort', file));
  }
}
