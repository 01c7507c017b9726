import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Where the plug-in for the viewer lies. */
export const PLUGIN_FOLDER = root('dist/viewer');

/** Where it lies for who builds a viewer. */
export const UMD_FOLDER = root('dist/umd');

let built = false;

/** Makes the plug-in for the viewer where it is out of date, once in a process. */
export function buildPlugin(): void {
  if (built) return;
  built = true;
  prepare('--plugin');
}

/** Makes the plug-in for who builds a viewer where it is out of date. */
export function buildUmd(): void {
  prepare('--umd');
}

function prepare(what: string): void {
  execFileSync(process.execPath, [root('.ci/prepare.mjs'), what], { stdio: 'inherit' });
}
