/** Prepares a checkpoint from disk: float16 shards and an index, in a folder of the models folder. */
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ADAPTER_INFO_KEY } from '../../adapters/index.ts';
import { INDEX_FILE, SHARD_FILE } from '../../model/prepared/prepared-index.ts';
import type { PreparedFile, PreparedIndex } from '../../model/prepared/prepared-index.ts';
import { prepareModel } from '../../model/prepared/prepare.ts';
import { recognise } from '../../model/prepared/recognise.ts';
import type { Recognised } from '../../model/prepared/recognise.ts';
import { SaltError } from '../../protocol/errors.ts';
import { unwritable, writeFileAtomic } from '../files.node.ts';
import { digestFile } from './file-digests.node.ts';
import { demandSpace } from './free-space.node.ts';
import { whileLocked } from '../lock.node.ts';
import { openModelFile } from '../../model/prepared/open-model-file.node.ts';

export type ImportEvent =
  | { readonly kind: 'recognised'; readonly what: Recognised }
  | { readonly kind: 'preparing'; readonly done: number; readonly total: number };

export interface ImportOptions {
  /** Of models. */
  readonly folder: string;
  /** Under which `--model` finds it; also its folder's name. */
  readonly name: string;
  /** The file's, where it is known already. */
  readonly sha256?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: ImportEvent) => void) | undefined;
}

export interface Imported {
  readonly index: PreparedIndex;
  /** Of its `model.json`. */
  readonly path: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** What a CLIP needs beside its weights, under the names that its publishers use. */
const CLIP_FILES = ['config.json', 'open_clip_config.json', 'tokenizer.json', 'vocab.json', 'merges.txt'];
/** Of a prepared model over the numbers in it. */
const BYTES_PER_NUMBER = 2.01;

/**
 * The index is written last: a model that was imported in part is none.
 * @throws SaltError `CHECKPOINT_MISMATCH` for what is no model that we know, `INVALID_ARGUMENT`, `FILE_UNREADABLE`,
 *   `FILE_UNWRITABLE`, `NOT_FINITE`, `MODEL_BUSY`, `CANCELLED`
 */
export async function importModel(path: string, options: ImportOptions): Promise<Imported> {
  const { folder, name, signal, onEvent } = options;
  if (!NAME.test(name)) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `"${name}" cannot be a model's name: use letters, digits, dots, - and _.`,
    );
  }
  const target = join(folder, name);
  const indexPath = join(target, INDEX_FILE);
  const opened = await openModelFile(path);
  try {
    if (opened.index) throw new SaltError('INVALID_ARGUMENT', `${path} is prepared already.`);
    if (ADAPTER_INFO_KEY in opened.source.metadata) {
      throw new SaltError(
        'INVALID_ARGUMENT',
        `${path} is what "train" wrote, not a model to import: give it as --adapter.`,
      );
    }
    const what = recognise(opened.source);
    onEvent?.({ kind: 'recognised', what });
    await mkdir(target, { recursive: true }).catch((cause: unknown) => {
      throw unwritable(target, cause);
    });
    const index = await whileLocked(indexPath, async () => {
      if (await exists(indexPath)) {
        throw new SaltError(
          'INVALID_ARGUMENT',
          `There is a prepared model "${name}" already: remove it first ("models remove ${name}"), or give another --name.`,
        );
      }
      await demandSpace(target, BYTES_PER_NUMBER * what.parameters);
      await removeShards(target);
      const files = what.kind === 'clip-text' ? await takeAlong(CLIP_FILES, dirname(path), target) : [];
      const sha256 = options.sha256 ?? (await digestFile(path, { signal })).sha256;
      const sink = {
        write: (file: PreparedFile, bytes: Uint8Array) => writeFileAtomic(join(target, file.name), bytes),
      };
      const made = await prepareModel(opened.source, what, sink, {
        name,
        source: { file: basename(path), sha256 },
        files,
        signal,
        onProgress: (done, total) => onEvent?.({ kind: 'preparing', done, total }),
      });
      await writeFileAtomic(indexPath, Buffer.from(`${JSON.stringify(made, null, 1)}\n`));
      return made;
    });
    return { index, path: indexPath };
  } catch (error) {
    if (signal?.aborted) throw new SaltError('CANCELLED', 'Stopped.', {}, { cause: error });
    throw error;
  } finally {
    await opened.close();
  }
}

/** Left by an import that did not get to its end. */
async function removeShards(folder: string): Promise<void> {
  for (const file of await readdir(folder)) if (SHARD_FILE.test(file)) await rm(join(folder, file));
}

async function takeAlong(names: readonly string[], from: string, to: string): Promise<PreparedFile[]> {
  const taken: PreparedFile[] = [];
  for (const name of names) {
    if (!(await exists(join(from, name)))) continue;
    if (resolve(from) !== resolve(to)) await copyFile(join(from, name), join(to, name));
    const { bytes, sha256 } = await digestFile(join(to, name));
    taken.push({ name, bytes, sha256 });
  }
  return taken;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
