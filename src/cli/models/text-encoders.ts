/** Text encoders at hand on this machine. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Executor } from '../../graph/executor.ts';
import type { FindEncoder } from '../../inference/prompt-words.ts';
import { encodersOf } from '../../inference/shipped-parts.ts';
import { clipTextEncoder } from '../../model/text/clip/index.ts';
import type { ClipTextEncoder } from '../../model/text/clip/index.ts';
import { readClipFolder } from '../../model/text/clip/read-clip-folder.node.ts';
import type { TextEncoder } from '../../model/text/text-encoder.ts';
import { SaltError } from '../../protocol/errors.ts';
import { modelsFolder } from './folders.ts';

/** As the registry names it: where `models pull` puts it. */
const CLIP_NAME = 'clip-vit-b-32';

/**
 * CLIP's text encoder, on the executor's device.
 * @param reference a folder, or the name of one in the models folder
 * @throws SaltError `MODEL_UNKNOWN` when there is neither; as `readClipFolder` and `clipTextEncoder`
 */
export async function openClip(reference: string, executor: Executor): Promise<ClipTextEncoder> {
  for (const folder of [reference, join(modelsFolder(), reference)]) {
    if (await isFolder(folder)) return clipTextEncoder({ ...(await readClipFolder(folder)), executor });
  }
  throw new SaltError(
    'MODEL_UNKNOWN',
    `There is no text encoder "${reference}": it is neither a folder nor one in ${modelsFolder()}. Fetch CLIP's with "ohif-salt models pull ${CLIP_NAME}".`,
  );
}

/**
 * Finds the encoder that an adapter was trained with.
 * @param own that of the model at hand
 */
export function encodersAtHand(own: TextEncoder, executor: Executor): FindEncoder {
  const ofModel = encodersOf(own);
  return async (id) => {
    const ready = await ofModel(id);
    if (ready) return ready;
    const isThere = id.startsWith('clip-text/') && (await isFolder(join(modelsFolder(), CLIP_NAME)));
    return isThere ? openClip(CLIP_NAME, executor) : undefined;
  };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
