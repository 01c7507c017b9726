import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { SaltError } from '../../protocol/errors.ts';
import { modelsFolder, modelsIn } from './folders.ts';
import { RANDOM_SAMS } from './random-models.ts';

/** What `--model` means, before anything is read. Plain data. */
export type ModelSource =
  | { readonly kind: 'unet' }
  | { readonly kind: 'random'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly path: string };

/**
 * @param reference `unet`, `random:tiny` and the like, a path, or the name of a file in the models folder
 * @throws SaltError `MODEL_UNKNOWN` listing what there is
 */
export async function findModel(reference: string): Promise<ModelSource> {
  if (reference === 'unet') return { kind: 'unet' };
  if (RANDOM_SAMS.has(reference)) return { kind: 'random', name: reference };
  if (await isFile(reference)) return { kind: 'file', name: basename(reference), path: reference };
  const folder = modelsFolder();
  const known = await modelsIn(folder);
  const found = known.find(({ name, path }) => name === reference || basename(path) === reference);
  if (found) return { kind: 'file', name: basename(found.path), path: found.path };
  const names = ['unet', ...RANDOM_SAMS.keys(), ...known.map(({ name }) => name)];
  throw new SaltError(
    'MODEL_UNKNOWN',
    `There is no model "${reference}": it is neither a file nor one of ${names.join(', ')}. ` +
      `Give the path of a checkpoint (.safetensors or .pth), or put it into ${folder}.`,
    { reference, known: names },
  );
}

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
