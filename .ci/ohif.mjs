/**
 * The stock OHIF viewer, as its makers build it: the `dist` folder of the npm package `@ohif/app`, unpacked to
 * `out/ohif/<version>/`. It is fetched apart from `npm ci`, because it is 200 MB that only those need who look at
 * the viewer. `node .ci/ohif.mjs [version]` fetches one; what is there already is kept.
 */
import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The version that everything is written for. */
export const OHIF_VERSION = '3.13.2';

/** Versions that the plug-in is tested with, and the SHA-512 of their packages as the registry states it. */
export const OHIF_INTEGRITY = {
  '3.13.2': 'sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA==',
  '3.14.0-beta.6':
    'sha512-QwA0talqhh4VlUR+QgT2t8FP7NpX++4s6Z9Cp5VIcta3JMd2zGBPTp/R9t7JaX0Xi1AHAZAJxTv502R+SawaBg==',
  '3.12.10':
    'sha512-0kuF66Mq9c9dMD++bUsTjMrJpXJwaZhz9B4uS244DawAjSkTwIYFU93pxPuRUQixaRi7QAHlF3Fe1qudBlZrmA==',
};

/** The folder that has index.html; undefined where that version has not been fetched. */
export function findOhif(version = OHIF_VERSION) {
  const folder = join(root, 'out', 'ohif', version);
  return existsSync(join(folder, 'index.html')) ? folder : undefined;
}

/**
 * Fetches the viewer with the user's own npm configuration and returns its folder.
 * @throws Error, with a message for people, when the registry has no such package or sends other bytes.
 */
export async function fetchOhif(version = OHIF_VERSION) {
  const integrity = OHIF_INTEGRITY[version];
  if (integrity === undefined) {
    throw new Error(`No OHIF ${version} is known here. Known: ${Object.keys(OHIF_INTEGRITY).join(', ')}.`);
  }
  const found = findOhif(version);
  if (found !== undefined) return found;

  const folder = join(root, 'out', 'ohif', version);
  const temporary = join(root, 'out', 'ohif', `.${version}-${randomUUID()}`);
  mkdirSync(temporary, { recursive: true });
  try {
    const archive = pack(version, temporary);
    const actual = await sha512(archive);
    if (actual !== integrity) {
      throw new Error(
        `The registry's @ohif/app ${version} is not the package that its makers published ` +
          `(${actual} instead of ${integrity}). Ask whoever runs the registry.`,
      );
    }
    await unpack(archive, join(temporary, 'dist'));
    // Another process may have been quicker.
    const there = findOhif(version);
    if (there !== undefined) return there;
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(temporary, 'dist'), folder);
    return folder;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Returns the path of the package's archive. */
function pack(version, folder) {
  const args = ['pack', `@ohif/app@${version}`, '--pack-destination', folder];
  const { status, error, stderr } = spawnSync('npm', [...args, '--ignore-scripts', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
  });
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (status === 0 && archive !== undefined) return join(folder, archive);
  const cause = /E404|ETARGET|No matching version/.test(stderr ?? '')
    ? `npm's registry has no @ohif/app ${version}. Set another with: npm config set registry <address>.`
    : `@ohif/app ${version} could not be fetched. Is npm's registry within reach?`;
  throw new Error(`${cause}\n${(error?.message ?? stderr ?? '').trim()}`);
}

async function sha512(path) {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  return `sha512-${hash.digest('base64')}`;
}

/** Only `package/dist/`, without those two folders in the paths. */
async function unpack(archive, folder) {
  // Imported late: whoever only asks whether the viewer is there may not have the dependencies yet.
  const tar = await import('tar');
  mkdirSync(folder);
  await tar.extract({
    file: archive,
    cwd: folder,
    strip: 2,
    filter: (path) => path.startsWith('package/dist/') && !path.endsWith('.map'),
  });
  if (!existsSync(join(folder, 'index.html'))) {
    throw new Error('The package of the viewer has no dist/index.html.');
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(await fetchOhif(process.argv[2]));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
