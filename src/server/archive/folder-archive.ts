import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reasonOf } from '../../imaging/dicom/errors.ts';
import { SaltError } from '../../protocol/errors.ts';
import { checkFile } from './check-file.ts';
import { FAILURE, StoreRefusal } from './failure.ts';
import { FrameCache } from './frame-reader.ts';
import { InstanceIndex } from './instance-index.ts';
import type { StoredInstance } from './instance.ts';
import { scanFolder } from './scan.ts';
import type { LeftOut } from './scan.ts';

export interface FolderArchiveOptions {
  /** Folder of DICOM files, which are read where they are and never changed. */
  readonly folder: string;
  /** Where new files go. Default: `stored/` in the folder. */
  readonly storeFolder?: string;
  readonly tell?: (read: number, of: number) => void;
}

export type Stored = { readonly instance: StoredInstance; readonly isNew: boolean };

/** How files that are being received begin, with a UUID behind it. */
const INCOMING = '.incoming-';
const LEFTOVER = new RegExp(`^\\${INCOMING}[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, 'u');
/** Nothing is received for so long: a younger one may be another server's, which is receiving it now. */
const LEFTOVER_MS = 24 * 60 * 60_000;

/** A folder of DICOM files, searched by the index that was made of their headers at the start. */
export class FolderArchive {
  readonly index = new InstanceIndex();
  readonly frames = new FrameCache();
  readonly storeFolder: string;
  readonly leftOut: readonly LeftOut[];
  /** Files passed over since another holds an object of the same UID. */
  readonly duplicates: readonly string[];
  /** One file is put into place at a time. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    storeFolder: string,
    instances: readonly StoredInstance[],
    leftOut: readonly LeftOut[],
  ) {
    this.storeFolder = storeFolder;
    this.leftOut = leftOut;
    this.duplicates = instances.filter((instance) => !this.index.add(instance)).map(({ path }) => path);
  }

  /**
   * Removes what processes that died left half received.
   * @throws SaltError `FILE_UNREADABLE` for a folder that cannot be read
   */
  static async open({ folder, storeFolder, tell }: FolderArchiveOptions): Promise<FolderArchive> {
    const scanned = await scanFolder(folder, tell);
    const store = storeFolder ?? join(folder, 'stored');
    await removeLeftovers(store);
    // A folder elsewhere holds what earlier sessions stored.
    const isInside = store === folder || store.startsWith(join(folder, '/'));
    const earlier = isInside ? { instances: [], leftOut: [] } : await scanFolder(await made(store));
    return new FolderArchive(
      store,
      [...scanned.instances, ...earlier.instances],
      [...scanned.leftOut, ...earlier.leftOut],
    );
  }

  /**
   * Makes up paths of new files for what arrives, in the folder where it will stay, so that moving it is atomic.
   * @throws SaltError `FILE_UNWRITABLE` when there can be no such folder
   */
  async receive(): Promise<() => string> {
    const folder = await made(this.storeFolder);
    return () => join(folder, `${INCOMING}${randomUUID()}`);
  }

  /**
   * Takes a file that has arrived into the archive: checked to its end, flushed to the disk, moved, then indexed. What
   * the archive had before is never overwritten. The file is gone afterwards, whatever happens.
   *
   * @param study that it must belong to, if any.
   * @param name for messages.
   * @throws StoreRefusal
   */
  async store(file: string, name: string, study?: string): Promise<Stored> {
    try {
      const bytes = await readFile(file);
      const instance = check(bytes, file, name);
      if (study !== undefined && instance.study !== study) {
        throw new StoreRefusal(
          FAILURE.mismatch,
          `${name} belongs to study ${instance.study}, and was sent to study ${study}.`,
          instance,
        );
      }
      const turn = this.#last.then(() => this.#place(file, bytes, instance, name));
      this.#last = turn.catch(() => undefined);
      return await turn;
    } catch (error) {
      if (error instanceof StoreRefusal) throw error;
      const isFull =
        error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code));
      const reason = isFull ? FAILURE.noSpace : FAILURE.processing;
      throw new StoreRefusal(reason, `${name} could not be written: ${reasonOf(error)}`, undefined, {
        cause: error,
      });
    } finally {
      await rm(file, { force: true }).catch(() => undefined);
    }
  }

  async #place(file: string, bytes: Buffer, instance: StoredInstance, name: string): Promise<Stored> {
    const known = this.index.find(instance.sop);
    if (known) {
      // Sent again, e.g. after an answer that got lost.
      if (bytes.equals(await readFile(known.path))) return { instance: known, isNew: false };
      throw new StoreRefusal(
        FAILURE.duplicate,
        `${name} has the SOP Instance UID ${instance.sop} of another object in the archive, which is kept. ` +
          'Give a changed object a new UID.',
        instance,
      );
    }
    const path = join(this.storeFolder, instance.study, instance.series, `${instance.sop}.dcm`);
    await mkdir(dirname(path), { recursive: true });
    await flush(file);
    await moveWithoutOverwriting(file, path);
    const placed = { ...instance, path };
    this.index.add(placed);
    return { instance: placed, isNew: true };
  }
}

function check(bytes: Uint8Array, path: string, name: string): StoredInstance {
  try {
    return checkFile(bytes, path, name);
  } catch (error) {
    throw new StoreRefusal(FAILURE.unreadable, reasonOf(error), undefined, { cause: error });
  }
}

/** What cannot be removed stays, out of everyone's sight. */
async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((name) => LEFTOVER.test(name))) {
    const path = join(folder, name);
    const changed = (await stat(path).catch(() => undefined))?.mtimeMs ?? Infinity;
    if (Date.now() - changed > LEFTOVER_MS) await rm(path, { force: true }).catch(() => undefined);
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A file that came there meanwhile is an error, except on disks without hard links. */
async function moveWithoutOverwriting(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') throw error;
    await rename(from, to);
  }
}

async function made(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    return folder;
  } catch (cause) {
    throw new SaltError(
      'FILE_UNWRITABLE',
      `The folder ${folder} cannot be made: ${reasonOf(cause)}. Segmentations are stored there: choose another.`,
      { folder },
      { cause },
    );
  }
}
