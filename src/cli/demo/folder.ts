import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SaltError } from '../../protocol/errors.ts';
import { unwritable } from '../../runtime/files.node.ts';

/** By it the demo knows a folder that it made: there alone it may write over what it finds. */
const MARKER = '.ohif-salt-demo';
const NOTE =
  'This folder was made by "ohif-salt demo", which writes its files anew each time. Keep your own work elsewhere.\n';

/**
 * Makes the folder the demo's own, marked before anything else is in it, so that a demo that was stopped can be
 * started again.
 * @throws SaltError `INVALID_ARGUMENT` for a folder that holds something and was not made by a demo; `FILE_UNWRITABLE`
 */
export async function claimFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    if (names.includes(MARKER)) return;
    if (names.length === 0) return await writeFile(join(folder, MARKER), NOTE, { flag: 'wx' });
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  throw new SaltError(
    'INVALID_ARGUMENT',
    `${folder} holds files that no demo has marked as its own, and the demo would write over those of the names that it uses: give --out a new or an empty folder.`,
    { out: folder },
  );
}
