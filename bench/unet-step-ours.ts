/** Training steps of the plain U-Net on this project's engine in Node; prints one JSON object. */
import { parseArgs } from 'node:util';
import { createAdapter, parseMethod } from '../src/adapters/index.ts';
import { floatTensor, sizeOf } from '../src/graph/tensor.ts';
import type { FloatTensor, Shape } from '../src/graph/tensor.ts';
import { allStages } from '../src/model/segmentation-model.ts';
import { initialUnetWeights, unetConfigSchema, unetModel } from '../src/model/unet.ts';
import { createRandom } from '../src/protocol/random.ts';
import { openNodeDevice } from '../src/runtime/node.ts';
import { ADAMW_DEFAULTS, AdamW } from '../src/training/adamw.ts';
import { choosePlan } from '../src/training/choose-plan.ts';
import { FrozenTensors } from '../src/training/frozen-tensors.ts';
import { SALT_LOSS } from '../src/training/loss.ts';
import { UNET_PRESET } from '../src/training/presets.ts';
import { layoutModel, pack } from '../src/training/segments.ts';

const { values: options } = parseArgs({
  options: {
    features: { type: 'string', default: '16' },
    poolings: { type: 'string', default: '4' },
    size: { type: 'string', default: '256' },
    batch: { type: 'string', default: '4' },
    steps: { type: 'string', default: '6' },
    threads: { type: 'string', default: '2' },
  },
});
const [batchSize, imageSize] = [Number(options.batch), Number(options.size)];
const [poolings, features] = [Number(options.poolings), Number(options.features)];
const config = unetConfigSchema.parse({ poolings, features, outputs: 1 });

const { executor } = await openNodeDevice('cpu', { threads: Number(options.threads) });
const model = unetModel(config, { batchSize, imageSize });
const adapter = createAdapter(parseMethod({ method: 'full' }), allStages(model));
const layout = layoutModel(model, adapter);
const values = initialUnetWeights(config, 1);
const loss = { ...SALT_LOSS, ...UNET_PRESET.settings.loss };
const choice = choosePlan(model, layout, adapter, loss, Infinity, 'whole');
const plan = await choice.compile(await FrozenTensors.upload(executor, layout, values), executor);
let parameters = await Promise.all(layout.segments.map((segment) => executor.upload(pack(segment, values))));
const optimizer = await AdamW.create(executor, layout.segments, ADAMW_DEFAULTS);

const random = createRandom(1);
function filled(shape: Shape, draw: () => number): FloatTensor {
  return floatTensor(shape, Float32Array.from({ length: sizeOf(shape) }, draw));
}
const plane = [batchSize, 1, imageSize, imageSize];
const batch = {
  image: await executor.upload(filled([batchSize, 3, imageSize, imageSize], () => random.normal())),
  target: await executor.upload(filled(plane, () => Number(random.uniform() < 0.1))),
  valid: await executor.upload(filled(plane, () => 1)),
};
const milliseconds: number[] = [];
for (let step = 1; step <= Number(options.steps) + 2; step++) {
  const start = performance.now();
  const { gradients, squaredNorms } = await plan.gradients(parameters, batch);
  const norm = Math.sqrt(squaredNorms.reduce((a, b) => a + b, 0));
  const scale = Math.min(1, 1 / norm);
  parameters = await optimizer.apply(parameters, gradients, { learningRate: 3e-3, scale, step });
  milliseconds.push(performance.now() - start);
}
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ milliseconds: milliseconds.slice(2), peakMegabytes })); // the first two warm up
