/**
 * What the model that ships draws for each word, on drawn images that training never sees: `npm run bench:words`; with
 * `-- --sam` SAM's own masks, without the detail head. `--images 10` of each kind.
 */
import { parseArgs } from 'node:util';
import { SALT_TINY } from '../src/model/salt-tiny.ts';
import { prepareSamWeights } from '../src/model/sam/index.ts';
import { textEncoderIn } from '../src/model/text/built-in-text.ts';
import { openNodeDevice } from '../src/runtime/node.ts';
import { evaluatePretraining } from '../src/training/pretraining/evaluation.ts';
import { readTensors } from '../src/model/checkpoint/read-tensors.node.ts';

const { values: options } = parseArgs({
  options: {
    sam: { type: 'boolean', default: false },
    images: { type: 'string', default: '10' },
    model: { type: 'string', default: 'models/salt-tiny/salt-tiny.safetensors' },
  },
});

const IMAGE_SIZE = 512;

const weights = await readTensors(options.model);
const { executor } = await openNodeDevice('cpu');
const { dice, emptyWhereAbsent, mean } = await evaluatePretraining({
  executor,
  weights: prepareSamWeights(weights, SALT_TINY, IMAGE_SIZE),
  samAlone: options.sam,
  encoder: await textEncoderIn(weights),
  imageSize: IMAGE_SIZE,
  imagesPerKind: Number(options.images),
});
for (const [name, value] of Object.entries(dice)) process.stdout.write(`${name}: Dice ${value.toFixed(3)}\n`);
for (const [name, value] of Object.entries(emptyWhereAbsent)) {
  process.stdout.write(`${name}: (almost) empty in ${(100 * value).toFixed(0)} % of the images without it\n`);
}
process.stdout.write(`mean Dice ${mean.toFixed(3)}\n`);
await executor.dispose();
