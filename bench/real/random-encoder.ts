import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { samMetadata } from '../../src/model/checkpoint/load-sam.ts';
import { randomSamWeights } from '../../src/model/checkpoint/random-weights.ts';
import { readTensors } from '../../src/model/checkpoint/read-tensors.node.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { SALT_TINY, SALT_TINY_DETAIL } from '../../src/model/salt-tiny.ts';

const SHIPPED = fileURLToPath(new URL('../../models/salt-tiny/salt-tiny.safetensors', import.meta.url));

/** Writes salt-tiny with an image encoder that was never trained; all else is as it ships. */
export async function writeRandomEncoder(path: string, seed: number): Promise<void> {
  const tensors = await readTensors(SHIPPED);
  for (const [name, value] of randomSamWeights(SALT_TINY, seed)) {
    if (name.startsWith('image_encoder.')) tensors.set(name, value);
  }
  const metadata = samMetadata(SALT_TINY, SALT_TINY_DETAIL);
  writeFileSync(path, encodeSafetensors(tensors, metadata, { dtype: 'F16' }));
}
