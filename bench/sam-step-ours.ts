/**
 * SALT training steps on this project's engine in Node; prints one JSON object. `--model salt-tiny` in place of SAM ViT-B,
 * `--device webgpu` in place of the processor.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { openNodeDevice } from '../src/runtime/node.ts';
import { STEP_MODELS, measureSamStep } from './sam-step-job.ts';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: 'vit-b' },
    device: { type: 'string', default: 'cpu' },
    plan: { type: 'string', default: 'whole' },
    steps: { type: 'string', default: '3' },
    size: { type: 'string', default: '512' },
    threads: { type: 'string', default: '2' },
  },
});
const plan = options.plan === 'staged' ? 'staged' : 'whole';
const device = z.enum(['cpu', 'webgpu', 'cuda']).parse(options.device);
const { executor } = await openNodeDevice(device, {
  threads: Number(options.threads),
  arena: plan === 'whole',
});
const report = await measureSamStep(executor, {
  model: z.enum(STEP_MODELS).parse(options.model),
  plan,
  steps: Number(options.steps),
  imageSize: Number(options.size),
});
console.log(JSON.stringify({ ...report, peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
