/**
 * Prepared models in the browser's own store (the Cache API), by hash. A shard is put there once it is whole and has
 * the right SHA-256, so that a download interrupted by a reload goes on with the next shard, and models that share a
 * shard keep it once. Of models that differ in nothing that an adapter's base is known by (two that were merged with
 * adapters of the head, say) the last is kept. Works in pages and in workers, on https:// and localhost.
 */
import { openCheckpoint } from '../model/checkpoint/open-checkpoint.ts';
import { blobSource } from '../model/checkpoint/byte-source.ts';
import type { CheckpointSource } from '../model/checkpoint/checkpoint-source.ts';
import { sha256 } from '../model/checkpoint/weights-hash.ts';
import { openPrepared } from '../model/prepared/open-prepared.ts';
import { INDEX_FILE, parsePreparedIndex } from '../model/prepared/prepared-index.ts';
import type { PreparedFile, PreparedIndex } from '../model/prepared/prepared-index.ts';
import { prepareModel } from '../model/prepared/prepare.ts';
import { recognise } from '../model/prepared/recognise.ts';
import { SaltError } from '../protocol/errors.ts';
import { insecurePage } from '../protocol/insecure-page.ts';
import { fetchBytes, fetchText } from './fetch.web.ts';
import { demandSpace, noSpace } from './space.web.ts';

export interface CachedModel {
  readonly index: PreparedIndex;
  /** The numbers; read from the store when they are asked for. */
  readonly source: CheckpointSource;
  /** One of `index.files`. @throws SaltError `FILE_UNREADABLE` when it is not there */
  file(name: string): Promise<Blob>;
}

export interface CacheProgress {
  /** `preparing`: a file given by the user is made into shards; `fetching`: bytes come over the network. */
  readonly kind: 'fetching' | 'preparing';
  /** Bytes, or numbers when preparing; what lay in the store already is counted as done. */
  readonly done: number;
  readonly total: number;
}

export interface CacheOptions {
  readonly onProgress?: (progress: CacheProgress) => void;
  readonly signal?: AbortSignal;
  /** Of a checkpoint that is given; as `prepareModel` has it. */
  readonly shardBytes?: number;
}

export interface ModelCache {
  list(): Promise<PreparedIndex[]>;
  /** @param weightsHash see `PreparedIndex`; undefined when it is not in the store, or not whole */
  open(weightsHash: string): Promise<CachedModel | undefined>;
  /**
   * Fetches what the store lacks of a prepared model.
   * @param url of its `model.json`; the shards lie beside it
   * @throws SaltError `DOWNLOAD_FAILED`, `DOWNLOAD_REFUSED`, `DOWNLOAD_INVALID`, `HASH_MISMATCH`, `CHECKPOINT_INVALID`,
   *   `FILE_UNWRITABLE` when the browser gives no more space, `CANCELLED`
   */
  fetch(url: string, options?: CacheOptions): Promise<CachedModel>;
  /**
   * Takes files that a user dropped or chose: one checkpoint (.pth, .safetensors), or the files of a prepared model.
   * @throws SaltError `CHECKPOINT_*`, `NOT_FINITE`, `HASH_MISMATCH`, `FILE_UNREADABLE`, `FILE_UNWRITABLE`, `CANCELLED`,
   *   `INVALID_ARGUMENT`
   */
  accept(files: readonly File[], options?: CacheOptions): Promise<CachedModel>;
  /** @returns the bytes that are free again; shards that another model needs are kept */
  remove(weightsHash: string): Promise<number>;
}

const STORE = 'ohif-salt-models-1';

/** Throws all models away. */
export async function eraseModelCache(): Promise<void> {
  const { caches } = globalThis as { caches?: CacheStorage };
  await caches?.delete(STORE);
}

/** @throws SaltError `PAGE_INSECURE`; `FILE_UNWRITABLE` where the page may keep nothing all the same */
export async function openModelCache(): Promise<ModelCache> {
  const { caches } = globalThis as { caches?: CacheStorage };
  if (!caches) throw insecurePage();
  const store = await caches.open(STORE).catch(() => undefined);
  if (!store) {
    throw new SaltError(
      'FILE_UNWRITABLE',
      'This page can keep no models: open it in a window that is not private, and allow it to store data.',
    );
  }
  return cacheIn(store);
}

/** Keys of the store. It wants addresses; nothing is ever fetched from these. */
const modelKey = (weightsHash: string): string => `https://models.invalid/model/${weightsHash}`;
const fileKey = ({ sha256: hash }: PreparedFile): string => `https://models.invalid/file/${hash}`;

function cacheIn(store: Cache): ModelCache {
  /** One that another version of this program wrote, or anyone with the browser's tools, is as good as none. */
  const indexAt = async (key: string): Promise<PreparedIndex | undefined> => {
    const text = await (await store.match(key))?.text();
    try {
      return text === undefined ? undefined : parsePreparedIndex(text, INDEX_FILE);
    } catch {
      return undefined;
    }
  };
  const list = async (): Promise<PreparedIndex[]> => {
    const keys = (await store.keys()).map(({ url }) => url).filter((url) => url.startsWith(modelKey('')));
    return (await Promise.all(keys.map(indexAt))).filter((index) => index !== undefined);
  };
  const blobOf = async (file: PreparedFile): Promise<Blob> => {
    const answer = await store.match(fileKey(file));
    if (answer) return answer.blob();
    throw new SaltError('FILE_UNREADABLE', `The browser has thrown ${file.name} away: load the model again.`);
  };
  const opened = (index: PreparedIndex): CachedModel => ({
    index,
    source: openPrepared(index, async (shard) => blobSource(await blobOf(shard))),
    async file(name) {
      const found = index.files.find((file) => file.name === name);
      if (!found) throw new SaltError('FILE_UNREADABLE', `The model has no file ${name}.`);
      return blobOf(found);
    },
  });
  const keep = async (file: PreparedFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    if (bytes.byteLength !== file.bytes || (await sha256(bytes)) !== file.sha256) {
      throw new SaltError(
        'HASH_MISMATCH',
        `${file.name} is not what its model's index says: it was damaged on its way.`,
        {
          file: file.name,
        },
      );
    }
    await put(store, fileKey(file), new Response(bytes));
  };
  /** Deletes the files of a model that is not there any more, but for those that another one needs. @returns their bytes */
  const free = async (gone: PreparedIndex): Promise<number> => {
    const needed = new Set((await list()).flatMap((index) => allFiles(index).map(fileKey)));
    const unneeded = allFiles(gone).filter((file) => !needed.has(fileKey(file)));
    for (const file of unneeded) await store.delete(fileKey(file));
    return sizeOfFiles(unneeded);
  };
  /** Written last: without its index, a model is not there. Takes the place of one with the same hash. */
  const finish = async (index: PreparedIndex): Promise<CachedModel> => {
    const key = modelKey(index.weightsHash);
    const before = await indexAt(key);
    await put(store, key, new Response(JSON.stringify(index)));
    if (before) await free(before);
    return opened(index);
  };
  const lacking = async (index: PreparedIndex): Promise<PreparedFile[]> => {
    const missing: PreparedFile[] = [];
    for (const file of allFiles(index)) if (!(await store.match(fileKey(file)))) missing.push(file);
    return missing;
  };

  return {
    list,
    async open(weightsHash) {
      const index = await indexAt(modelKey(weightsHash));
      return index && (await lacking(index)).length === 0 ? opened(index) : undefined;
    },
    async fetch(url, { onProgress, signal } = {}) {
      const index = parsePreparedIndex(await fetchText(url, signal), url);
      const missing = await lacking(index);
      const total = sizeOfFiles(allFiles(index));
      let done = total - sizeOfFiles(missing);
      await demandSpace(total - done);
      onProgress?.({ kind: 'fetching', done, total });
      for (const file of missing) {
        const bytes = await fetchBytes(new URL(file.name, url).href, file.bytes, signal, (received) =>
          onProgress?.({ kind: 'fetching', done: done + received, total }),
        );
        await keep(file, bytes);
        done += file.bytes;
      }
      return finish(index);
    },
    async accept(files, options = {}) {
      const described = files.find(({ name }) => name === INDEX_FILE);
      const written: PreparedFile[] = [];
      const note: Keep = async (file, bytes) => {
        // Of a model that is in the store already, which must not lose it.
        const isKnown = (await store.match(fileKey(file))) !== undefined;
        await keep(file, bytes);
        if (!isKnown) written.push(file);
      };
      try {
        return await finish(
          described
            ? await takePrepared(described, files, note, options)
            : await prepareDropped(files, note, options),
        );
      } catch (error) {
        // Nothing would ever name them.
        for (const file of written) await store.delete(fileKey(file));
        throwIfStopped(options.signal);
        throw error;
      }
    },
    async remove(weightsHash) {
      const key = modelKey(weightsHash);
      const gone = await indexAt(key);
      await store.delete(key);
      return gone ? free(gone) : 0;
    },
  };
}

type Keep = (file: PreparedFile, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

async function takePrepared(
  described: File,
  files: readonly File[],
  keep: Keep,
  { onProgress, signal }: CacheOptions,
): Promise<PreparedIndex> {
  const index = parsePreparedIndex(await described.text(), described.name);
  const wanted = allFiles(index);
  const byName = new Map(files.map((file) => [file.name, file]));
  const missing = wanted.filter(({ name }) => !byName.has(name)).map(({ name }) => name);
  if (missing.length > 0) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `Drop the whole folder of the model: ${missing.join(', ')} is missing.`,
      { missing },
    );
  }
  const total = sizeOfFiles(wanted);
  await demandSpace(total);
  let done = 0;
  for (const file of wanted) {
    throwIfStopped(signal);
    const dropped = byName.get(file.name);
    if (dropped) await keep(file, new Uint8Array(await dropped.arrayBuffer()));
    done += file.bytes;
    onProgress?.({ kind: 'preparing', done, total });
  }
  return index;
}

async function prepareDropped(
  files: readonly File[],
  keep: Keep,
  { onProgress, signal, shardBytes }: CacheOptions,
): Promise<PreparedIndex> {
  const [file, ...others] = files;
  if (!file || others.length > 0) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      'Drop one checkpoint (.pth or .safetensors), or the folder of a prepared model.',
    );
  }
  const checkpoint = await openCheckpoint(blobSource(file), file.name);
  const what = recognise(checkpoint);
  await demandSpace(2 * what.parameters);
  return prepareModel(
    checkpoint,
    what,
    { write: keep },
    {
      name: file.name.replace(/\.[^.]*$/, ''),
      source: { file: file.name },
      signal,
      ...(shardBytes !== undefined && { shardBytes }),
      onProgress: (done, total) => onProgress?.({ kind: 'preparing', done, total }),
    },
  );
}

function allFiles({ shards, files }: PreparedIndex): readonly PreparedFile[] {
  return [...shards, ...files];
}

function sizeOfFiles(files: readonly PreparedFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function put(store: Cache, key: string, answer: Response): Promise<void> {
  try {
    await store.put(key, answer);
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'QuotaExceededError') throw noSpace(undefined, cause);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SaltError('FILE_UNWRITABLE', `The browser could not keep the model: ${why}`, {}, { cause });
  }
}

function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SaltError('CANCELLED', 'Stopped.');
}
