/** Fetches a registered model into the models folder, or checks it where it is there already. */
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RegisteredFile, RegisteredModel } from '../../model/registry/registry.ts';
import { SaltError } from '../../protocol/errors.ts';
import type { DownloadOptions } from '../download/download.node.ts';
import { partialFile } from '../download/partial-file.node.ts';
import { unwritable } from '../files.node.ts';
import { demandSpace } from './free-space.node.ts';
import { whileLocked } from '../lock.node.ts';
import { placesOf } from './model-paths.ts';
import { verifyFile } from './verify-file.node.ts';
import type { Verified } from './verify-file.node.ts';

export type PullEvent =
  | { readonly kind: 'fetching'; readonly file: string; readonly from: string }
  | {
      readonly kind: 'bytes';
      readonly file: string;
      readonly bytes: number;
      readonly total: number | undefined;
    }
  | { readonly kind: 'verifying'; readonly file: string; readonly bytes: number; readonly total: number }
  | { readonly kind: 'notice'; readonly text: string };

export interface PullOptions extends Pick<DownloadOptions, 'signal' | 'stallMs' | 'pauseMs'> {
  /** Of models. It is made where it does not exist. */
  readonly folder: string;
  /** Asked in place of the addresses in the registry: `<mirror>/<model>/<file>`. */
  readonly mirror?: string | undefined;
  readonly onEvent?: (event: PullEvent) => void;
}

export interface PulledFile extends Verified {
  readonly path: string;
  /** False where it was there already. */
  readonly fetched: boolean;
}

/**
 * A file appears under its name only when it is whole and is what it should be. What is fetched in part is kept for the
 * next time.
 * @throws SaltError what `download` throws; `HASH_MISMATCH`, `CHECKPOINT_INVALID` for what is no checkpoint,
 *   `MODEL_BUSY`, `FILE_UNWRITABLE`, `INVALID_ARGUMENT` for a mirror that is no address
 */
export async function pullModel(model: RegisteredModel, options: PullOptions): Promise<PulledFile[]> {
  const pulled: PulledFile[] = [];
  for (const file of model.files) {
    // Without a lock first: a folder that many share may be one that nobody writes to.
    pulled.push((await checkFile(model, file, options)) ?? (await getFile(model, file, options)));
  }
  return pulled;
}

async function checkFile(
  model: RegisteredModel,
  file: RegisteredFile,
  options: PullOptions,
): Promise<PulledFile | undefined> {
  const path = await findFile(options.folder, model, file);
  if (path === undefined) return undefined;
  return { ...(await verify(model, file, path, options)), path, fetched: false };
}

async function getFile(
  model: RegisteredModel,
  file: RegisteredFile,
  options: PullOptions,
): Promise<PulledFile> {
  const folder = join(options.folder, model.name);
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(folder, cause);
  });
  const path = join(folder, file.name);
  return whileLocked(path, async () => {
    const there = await checkFile(model, file, options); // another process may just have put it there
    return there ?? { ...(await fetchFile(model, file, path, options)), path, fetched: true };
  });
}

/** Where a file of a model lies; undefined where it does not. */
export async function findFile(
  folder: string,
  model: RegisteredModel,
  file: RegisteredFile,
): Promise<string | undefined> {
  for (const place of placesOf(model, file)) {
    const path = join(folder, place);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return path;
  }
  return undefined;
}

async function fetchFile(
  model: RegisteredModel,
  file: RegisteredFile,
  path: string,
  options: PullOptions,
): Promise<Verified> {
  const { onEvent, signal, stallMs, pauseMs } = options;
  const urls = options.mirror === undefined ? file.urls : [mirrored(options.mirror, model, file)];
  const part = partialFile(path);
  onEvent?.({ kind: 'fetching', file: file.name, from: urls[0] ?? '' });
  // It is slow to load, and hardly any run fetches something.
  const { download } = await import('../download/download.node.ts');
  await download(urls, part, {
    bytes: file.bytes,
    signal,
    stallMs,
    pauseMs,
    onProgress: (progress) => onEvent?.({ kind: 'bytes', file: file.name, ...progress }),
    onNotice: (text) => onEvent?.({ kind: 'notice', text }),
    beforeWriting: (bytes) => demandSpace(dirname(path), bytes),
  });
  try {
    const verified = await verify(model, file, part.path, options);
    await rename(part.path, path).catch((cause: unknown) => {
      throw unwritable(path, cause);
    });
    await part.remove();
    return verified;
  } catch (error) {
    if (!(error instanceof SaltError) || !['HASH_MISMATCH', 'CHECKPOINT_INVALID'].includes(error.code))
      throw error;
    await part.remove();
    throw new SaltError(
      error.code,
      `${error.message} It was thrown away. Try again; if it stays like this, the file was changed at its source or on its way here.`,
      error.details,
      { cause: error },
    );
  }
}

function verify(
  model: RegisteredModel,
  file: RegisteredFile,
  path: string,
  { folder, signal, onEvent }: PullOptions,
): Promise<Verified> {
  return verifyFile(folder, model.name, file, path, {
    signal,
    onProgress: (bytes, total) => onEvent?.({ kind: 'verifying', file: file.name, bytes, total }),
  });
}

function mirrored(mirror: string, model: RegisteredModel, file: RegisteredFile): string {
  let base: URL | undefined;
  try {
    base = new URL(mirror.endsWith('/') ? mirror : `${mirror}/`);
  } catch {
    // reported below
  }
  if (!base || !/^https?:$/.test(base.protocol)) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `OHIF_SALT_MIRROR is "${mirror}", which is no address like https://models.example.org/. For a folder, use OHIF_SALT_MODELS.`,
    );
  }
  return new URL(`${model.name}/${file.name}`, base).href;
}
