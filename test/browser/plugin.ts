import { execFileSync, execSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tar from 'tar';

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

/**
 * Packs both packages as `npm pack` does for who takes them elsewhere, and unpacks them again.
 * @param folder that exists
 * @returns where each lies, with its package.json, LICENSE and dist/
 */
export async function packPlugin(folder: string): Promise<Record<'extension' | 'mode', string>> {
  execSync(`npm pack --silent -w extension -w modes/salt --pack-destination "${folder}"`, { cwd: root('') });
  const unpack = async (name: string): Promise<string> => {
    const archive = readdirSync(folder).find((file) => file.startsWith(`ohif-salt-${name}-`)) ?? '';
    const cwd = join(folder, 'node_modules/@ohif-salt', name);
    mkdirSync(cwd, { recursive: true });
    await tar.extract({ file: join(folder, archive), cwd, strip: 1 });
    return cwd;
  };
  return { extension: await unpack('extension'), mode: await unpack('mode') };
}

function prepare(what: string): void {
  execFileSync(process.execPath, [root('.ci/prepare.mjs'), what], { stdio: 'inherit' });
}
