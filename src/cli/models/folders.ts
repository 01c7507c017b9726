import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';
import envPaths from 'env-paths';
import { z } from 'zod';
import { INDEX_FILE, SHARD_FILE } from '../../model/prepared/prepared-index.ts';
import { writeFileAtomic } from '../../runtime/files.node.ts';
import { svdCacheFolder } from '../../runtime/svd-cache.node.ts';

const CHECKPOINT = /\.(?:safetensors|pth|pt|bin)$/i;

/** Where models are looked for by name: OHIF_SALT_MODELS, else the system's place for data. */
export function modelsFolder(): string {
  return process.env.OHIF_SALT_MODELS || join(envPaths('ohif-salt', { suffix: '' }).data, 'models');
}

export function cacheFolder(): string {
  return dirname(svdCacheFolder());
}

export interface FoundModel {
  /** The file's name without its extension, or the name of the folder that is the model's own. */
  readonly name: string;
  /** Of a checkpoint, or of a prepared model's `model.json`. */
  readonly path: string;
  /** What adapters call it: the file's name, or the folder's. */
  readonly title: string;
}

/**
 * Models in a folder, by name; none when there is no such folder. A folder in it is a model when it was prepared by
 * `models import`, or holds one checkpoint.
 */
export async function modelsIn(folder: string): Promise<FoundModel[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: FoundModel[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    // Links to files are files; what they lead to shows when it is opened.
    if (entry.isDirectory()) {
      const inside = await modelInside(path);
      if (inside !== undefined) found.push({ name: entry.name, path: inside, title: entry.name });
    } else if (CHECKPOINT.test(entry.name)) {
      found.push({ name: parse(entry.name).name, path, title: entry.name });
    }
  }
  return found;
}

/** What a folder that is one model's own is opened by. */
export async function modelInside(folder: string): Promise<string | undefined> {
  const files = await readdir(folder).catch((): string[] => []);
  return files.includes(INDEX_FILE) ? join(folder, INDEX_FILE) : checkpointInside(folder);
}

/** The one checkpoint in a folder, shards aside. */
export async function checkpointInside(folder: string): Promise<string | undefined> {
  const files = await readdir(folder).catch((): string[] => []);
  const [checkpoint, ...others] = files.filter((file) => CHECKPOINT.test(file) && !SHARD_FILE.test(file));
  return checkpoint !== undefined && others.length === 0 ? join(folder, checkpoint) : undefined;
}

const noteSchema = z.object({ path: z.string() });

/**
 * Notes on this machine alone where a base model lies, so that its adapters find it again. Adapters travel, and carry
 * no path. A note that cannot be written is not needed: the model can be named by hand.
 */
export async function rememberBase(weightsHash: string, path: string): Promise<void> {
  const file = noteOf(weightsHash);
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, Buffer.from(JSON.stringify({ path: resolve(path) })));
  } catch {
    // see above
  }
}

/** Where a base model was last seen; undefined when it was not, or the note is damaged. */
export async function recallBase(weightsHash: string): Promise<string | undefined> {
  try {
    return noteSchema.parse(JSON.parse(await readFile(noteOf(weightsHash), 'utf8'))).path;
  } catch {
    return undefined;
  }
}

function noteOf(weightsHash: string): string {
  // The hash comes out of a file: what it really holds must not become part of a path.
  const name = createHash('sha256').update(weightsHash).digest('hex');
  return join(cacheFolder(), 'bases', `${name}.json`);
}
