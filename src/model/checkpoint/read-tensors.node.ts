import type { FloatTensor } from '../../graph/tensor.ts';
import { openFileSource } from './file-source.node.ts';
import { openCheckpoint } from './open-checkpoint.ts';

/** Every tensor of a checkpoint file, by name. @throws SaltError `FILE_UNREADABLE`, `CHECKPOINT_*` */
export async function readTensors(path: string): Promise<Map<string, FloatTensor>> {
  const file = await openFileSource(path);
  try {
    const source = await openCheckpoint(file, path);
    const tensors = new Map<string, FloatTensor>();
    for (const name of source.names) tensors.set(name, await source.float32(name));
    return tensors;
  } finally {
    await file.close();
  }
}
