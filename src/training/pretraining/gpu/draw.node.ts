/**
 * One of several processes that draw examples for `pretrain.py`, as the pretraining on the processor would see them, each
 * into a file of its own: image [3, S, S], text embeddings [P, T], point encodings [P, n, C] and point types [P, n, 5] as
 * float32, then masks [P, S, S] and what counts [S, S] as bytes. Waits while enough files lie there. Killed by its parent.
 */
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { GAUSSIAN_MATRIX } from '../../../model/sam/index.ts';
import { textEncoderIn } from '../../../model/text/built-in-text.ts';
import { DrawnBatches } from '../drawn-batches.ts';
import { drawnSettings } from './drawn-settings.ts';
import { readTensors } from '../../../model/checkpoint/read-tensors.node.ts';

const { values: options } = parseArgs({
  options: {
    exported: { type: 'string', default: '.' },
    into: { type: 'string', default: '.' },
    seed: { type: 'string', default: '1' },
    /** With clicks and boxes. */
    places: { type: 'boolean', default: false },
    side: { type: 'string', default: '512' },
    prompts: { type: 'string', default: '6' },
    most: { type: 'string', default: '400' },
    count: { type: 'string', default: '1000000' },
  },
});
const { places } = options;

const weights = await readTensors(join(options.exported, 'start.safetensors'));
const frequencies = weights.get(GAUSSIAN_MATRIX);
if (!frequencies) throw new RangeError('The model has no positional encoding.');
const settings = drawnSettings(Number(options.seed), Number(options.side), Number(options.prompts), places);
const batches = new DrawnBatches(settings, 1, frequencies, await textEncoderIn(weights));

for (let step = 1; step <= Number(options.count); step++) {
  const batch = await batches.at(step);
  const floats = ['image', 'text_embedding', ...(places ? ['point_encoding', 'point_types'] : [])];
  const size = settings.imageSize ** 2;
  const parts = [
    ...floats.map((name) => Buffer.from(batch[name]?.data.buffer ?? new ArrayBuffer(0))),
    Buffer.from(Uint8Array.from(batch['target']?.data ?? [])),
    Buffer.from(Uint8Array.from(batch['valid']?.data.subarray(0, size) ?? [])),
  ];
  const name = `${places ? 'places' : 'words'}-${options.seed}-${step}`;
  const path = join(options.into, name);
  await writeFile(`${path}.part`, Buffer.concat(parts));
  await rename(`${path}.part`, path);
  while ((await readdir(options.into)).length > Number(options.most)) await wait(50);
}
