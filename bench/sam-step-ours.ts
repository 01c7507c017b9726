/**
 * One SALT training step of SAM ViT-B on this project's engine; prints one JSON object. Weights are random: time
 * and memory do not depend on them.
 */
import { parseArgs } from 'node:util';
import { createAdapter, parseMethod } from '../src/adapters/index.ts';
import { floatTensor, sizeOf } from '../src/graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../src/graph/tensor.ts';
import { samModel } from '../src/model/sam/index.ts';
import { SAM_VIT_B } from '../src/model/sam-config.ts';
import { allStages } from '../src/model/segmentation-model.ts';
import { createRandom } from '../src/protocol/random.ts';
import { openNodeDevice } from '../src/runtime/node.ts';
import { ADAMW_DEFAULTS, AdamW } from '../src/training/adamw.ts';
import { choosePlan } from '../src/training/choose-plan.ts';
import { FrozenTensors, frozenSpecs } from '../src/training/frozen-tensors.ts';
import { SALT_LOSS } from '../src/training/loss.ts';
import { layoutModel, pack } from '../src/training/segments.ts';

const { values: options } = parseArgs({
  options: {
    plan: { type: 'string', default: 'whole' },
    steps: { type: 'string', default: '3' },
    size: { type: 'string', default: '512' },
    threads: { type: 'string', default: '2' },
  },
});
const plan = options.plan === 'staged' ? 'staged' : 'whole';
const threads = Number(options.threads);
const imageSize = Number(options.size);

const { executor } = await openNodeDevice('cpu', { threads, arena: plan === 'whole' });
const model = samModel(SAM_VIT_B, { batchSize: 1, imageSize, prompts: { text: true } });
const adapter = createAdapter(parseMethod({ method: 'salt' }), allStages(model));
const layout = layoutModel(model, adapter);
const random = createRandom(1);
const values = new Map(
  [...frozenSpecs(layout), ...layout.segments.flatMap((s) => s.parameters)].map((spec) => [
    spec.name,
    fill(spec),
  ]),
);
const choice = choosePlan(model, layout, adapter, SALT_LOSS, Infinity, plan);
const frozen = await FrozenTensors.upload(executor, layout, values);
const step = await choice.compile(frozen, executor);
let parameters = await Promise.all(layout.segments.map((segment) => executor.upload(pack(segment, values))));
const optimizer = await AdamW.create(executor, layout.segments, ADAMW_DEFAULTS);
const batch = {
  image: await executor.upload(fill({ name: 'image', shape: [1, 3, imageSize, imageSize] })),
  text_embedding: await executor.upload(fill({ name: 'text', shape: [1, SAM_VIT_B.textDim] })),
  target: await executor.upload(floatTensor([1, 1, imageSize, imageSize])),
  valid: await executor.upload(
    floatTensor([1, 1, imageSize, imageSize], new Float32Array(imageSize ** 2).fill(1)),
  ),
};
const milliseconds: number[] = [];
for (let i = 0; i <= Number(options.steps); i++) {
  const start = performance.now();
  const { gradients } = await step.gradients(parameters, batch);
  parameters = await optimizer.apply(parameters, gradients, { learningRate: 1e-4, scale: 1, step: i + 1 });
  milliseconds.push(performance.now() - start);
}
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({ milliseconds: milliseconds.slice(1), peakMegabytes, estimates: choice.estimates }),
);

/** Norm scales near one, everything else small: numbers that neither overflow nor turn subnormal. */
function fill({ name, shape }: TensorSpec): FloatTensor {
  const data = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() - 0.5);
  if (/norm\d*\.weight$|alpha$/.test(name)) data.fill(1);
  else if (name !== 'image') data.forEach((x, i) => (data[i] = 0.06 * x));
  return floatTensor(shape, data);
}
