import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';
import envPaths from 'env-paths';
import { z } from 'zod';
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
  /** The file's name without its extension. */
  readonly name: string;
  readonly path: string;
}

/** Checkpoints in a folder, by name; none when there is no such folder. */
export async function modelsIn(folder: string): Promise<FoundModel[]> {
  const files = await readdir(folder).catch(() => []);
  return files
    .filter((file) => CHECKPOINT.test(file))
    .sort()
    .map((file) => ({ name: parse(file).name, path: join(folder, file) }));
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
