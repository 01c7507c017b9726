import { dirname } from 'node:path';
import type { AdapterInfo } from '../../adapters/index.ts';
import type { SamBase } from '../../inference/sam-base.ts';
import { SaltError } from '../../protocol/errors.ts';
import { isPreparedIndex, readPreparedIndex } from '../../model/prepared/open-model-file.node.ts';
import { checkpointInside, modelsFolder, modelsIn, recallBase } from './folders.ts';
import { loadModel } from './load-model.ts';
import { isFile } from './model-source.ts';
import type { ModelSource } from './model-source.ts';
import { RANDOM_SAMS } from './random-models.ts';
import { SHIPPED_NAME, SHIPPED_PATH } from './shipped.ts';

/**
 * The model that an adapter was trained on: the one given, or else the random one of its name, the file that was
 * trained on here, or a file of its name in the models folder or beside the adapter. Whether it is the right one is for
 * its hash to say.
 * @throws SaltError `MODEL_UNKNOWN` when there is none, `INVALID_ARGUMENT` when the one given is no SAM, and what
 *   `loadModel` throws
 */
export async function findBase(
  info: AdapterInfo,
  adapterPath: string,
  given: ModelSource | undefined,
): Promise<SamBase> {
  const { model } = info;
  const loaded = await loadModel(given ?? (await searchBase(info, adapterPath)));
  if (loaded.kind === 'sam') return loaded.base;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `The adapter was trained on "${model.name}", a SAM; the model given is a U-Net.`,
  );
}

/** Where that model is. @throws SaltError `MODEL_UNKNOWN`, `INVALID_ARGUMENT` */
export async function searchBase({ model }: AdapterInfo, adapterPath: string): Promise<ModelSource> {
  if (model.kind !== 'sam') throw new SaltError('INVALID_ARGUMENT', 'A U-Net has no base model.');
  const { name, weightsHash } = model;
  if (RANDOM_SAMS.has(name)) return { kind: 'random', name };
  if (name === SHIPPED_NAME) return { kind: 'file', name, path: SHIPPED_PATH };
  const remembered = await recallBase(weightsHash);
  if (remembered !== undefined && (await isFile(remembered))) return { kind: 'file', name, path: remembered };
  for (const folder of [modelsFolder(), dirname(adapterPath)]) {
    const found = (await modelsIn(folder)).find((file) => file.path.endsWith(name) || file.name === name);
    if (found) return { kind: 'file', name, path: await sameNumbers(found.path, weightsHash) };
  }
  throw new SaltError(
    'MODEL_UNKNOWN',
    `The adapter was trained on "${name}", which was not found. Give it with --model, or put it into ${modelsFolder()}.`,
    { name, weightsHash },
  );
}

/**
 * A model that was imported lies there twice: as it was fetched, and rounded to float16. The adapter was trained on one
 * of the two.
 */
async function sameNumbers(path: string, weightsHash: string): Promise<string> {
  if (!isPreparedIndex(path)) return path;
  const index = await readPreparedIndex(path);
  return index.weightsHash === weightsHash ? path : ((await checkpointInside(dirname(path))) ?? path);
}
