/** One SALT training step of SAM ViT-B on this project's engine in Node; prints one JSON object. */
import { parseArgs } from 'node:util';
import { openNodeDevice } from '../src/runtime/node.ts';
import { measureSamStep } from './sam-step-job.ts';

const { values: options } = parseArgs({
  options: {
    plan: { type: 'string', default: 'whole' },
    steps: { type: 'string', default: '3' },
    size: { type: 'string', default: '512' },
    threads: { type: 'string', default: '2' },
  },
});
const plan = options.plan === 'staged' ? 'staged' : 'whole';
const { executor } = await openNodeDevice('cpu', {
  threads: Number(options.threads),
  arena: plan === 'whole',
});
const report = await measureSamStep(executor, {
  plan,
  steps: Number(options.steps),
  imageSize: Number(options.size),
});
console.log(JSON.stringify({ ...report, peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
