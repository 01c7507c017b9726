import { readFile } from 'node:fs/promises';
import type { FloatTensor } from '../../../graph/tensor.ts';
import { parseSafetensors } from '../../../model/checkpoint/safetensors.ts';

/** Every tensor of a safetensors file, by name. @throws SaltError `CHECKPOINT_INVALID`; what Node throws for files */
export async function readWeights(path: string): Promise<Map<string, FloatTensor>> {
  const file = parseSafetensors(new Uint8Array(await readFile(path)));
  return new Map(file.names.map((name) => [name, file.float32(name)]));
}
