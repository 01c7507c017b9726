import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { SaltError } from '../../protocol/errors.ts';
import { isPreparedIndex } from '../../model/prepared/open-model-file.node.ts';
import { findFile } from '../../runtime/models/pull.node.ts';
import { modelInside, modelsFolder, modelsIn } from './folders.ts';
import { RANDOM_SAMS } from './random-models.ts';
import { registeredModels } from './registry.ts';
import { SHIPPED_NAME, SHIPPED_PATH } from './shipped.ts';

/** What `--model` means, before anything is read. Plain data. */
export type ModelSource =
  | { readonly kind: 'unet' }
  | { readonly kind: 'random'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly path: string };

/** Whether a name means a model that comes with the program, whatever the folder of models holds. */
export function isBuiltIn(name: string): boolean {
  return name === 'unet' || name === SHIPPED_NAME || RANDOM_SAMS.has(name);
}

/**
 * @param reference `salt-tiny`, `unet`, `random:tiny` and the like, a path, or the name of a file in the models folder
 * @throws SaltError `MODEL_UNKNOWN` listing what there is
 */
export async function findModel(reference: string): Promise<ModelSource> {
  if (reference === 'unet') return { kind: 'unet' };
  if (RANDOM_SAMS.has(reference)) return { kind: 'random', name: reference };
  if (reference === SHIPPED_NAME) return { kind: 'file', name: SHIPPED_NAME, path: SHIPPED_PATH };
  if (await isFile(reference)) return { kind: 'file', name: titleOf(reference), path: reference };
  const inside = await modelInside(reference);
  if (inside !== undefined) return { kind: 'file', name: basename(resolve(reference)), path: inside };
  const folder = modelsFolder();
  const known = await modelsIn(folder);
  const found = known.find(({ name, title }) => name === reference || title === reference);
  if (found) return { kind: 'file', name: found.title, path: found.path };
  const registered = registeredModels().find(({ name }) => name === reference);
  const [checkpoint] = registered?.files ?? [];
  if (registered && checkpoint) {
    // Put there by hand, under the name that its publisher gave it.
    const path = await findFile(folder, registered, checkpoint);
    if (path !== undefined) return { kind: 'file', name: registered.name, path };
    throw new SaltError(
      'MODEL_UNKNOWN',
      `"${reference}" is not on this machine: fetch it with "ohif-salt models pull ${reference}", or put ${checkpoint.name} into ${folder}.`,
      { reference },
    );
  }
  const names = [SHIPPED_NAME, 'unet', ...RANDOM_SAMS.keys(), ...known.map(({ name }) => name)];
  throw new SaltError(
    'MODEL_UNKNOWN',
    `There is no model "${reference}": it is neither a file nor one of ${names.join(', ')}. ` +
      `Give the path of a checkpoint (.safetensors or .pth), or put it into ${folder}.`,
    { reference, known: names },
  );
}

/** A prepared model goes by the name of its folder. */
function titleOf(path: string): string {
  return basename(isPreparedIndex(path) ? dirname(resolve(path)) : path);
}

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
