/**
 * `npm run bench:wasm`: one SALT training step of SAM ViT-B (512 px, batch 1) on WASM in headless Chromium with two
 * threads, beside the same step in Node. That it ends at all shows that it fits WASM's 4 GB. `-- --model salt-tiny`: of the
 * model that ships, with its head.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { runInPage } from '../test/browser/harness.ts';
import { STEP_MODELS } from './sam-step-job.ts';
import type { SamStepArguments, SamStepReport } from './sam-step-job.ts';
import { measureInTurn, median } from './pairs.ts';

const PLANS = ['staged', 'whole'] as const;
/** Measured in the browser, by model: steps of ViT-B take fifteen seconds. */
const STEPS = { 'vit-b': 2, 'salt-tiny': 8 } as const;

const { values: options } = parseArgs({ options: { model: { type: 'string', default: 'vit-b' } } });
const model = z.enum(STEP_MODELS).parse(options.model);

const node = measureInTurn(
  PLANS.map((plan) => ({
    name: plan,
    command: process.execPath,
    args: [
      '--import',
      'tsx',
      join(import.meta.dirname, 'sam-step-ours.ts'),
      '--model',
      model,
      '--plan',
      plan,
    ],
  })),
  1,
);
const fastest = Math.min(...node.map((side) => side.median));
console.log(
  '| plan | WASM ms | Node ms | WASM / Node, same plan | WASM / Node, fastest plan |\n|---|---|---|---|---|',
);
for (const [i, plan] of PLANS.entries()) {
  const inNode = node[i]?.median ?? NaN;
  const ms = await inBrowser(plan);
  const row =
    typeof ms === 'string' ? [plan, ms] : [plan, ms, inNode, ms / inNode, ms / fastest].map(shorten);
  console.log(`| ${row.join(' | ')} |`);
}

async function inBrowser(plan: (typeof PLANS)[number]): Promise<number | string> {
  try {
    const step: SamStepArguments = { model, plan, steps: STEPS[model], imageSize: 512 };
    const argument = { ...step, threads: 2 };
    return median((await runInPage<SamStepReport>('sam-step', argument)).milliseconds);
  } catch (error) {
    return `failed: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`;
  }
}

function shorten(value: number | string): string {
  return typeof value === 'string' ? value : value < 100 ? value.toFixed(2) : value.toFixed(0);
}
