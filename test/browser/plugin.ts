import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Where the plug-in for the viewer lies. */
export const PLUGIN_FOLDER = root('dist/viewer');

let built = false;

/** Makes the plug-in where it is out of date, once in a process. */
export function buildPlugin(): void {
  if (built) return;
  built = true;
  execFileSync(process.execPath, [root('.ci/prepare.mjs'), '--plugin'], { stdio: 'inherit' });
}
