import { measureSamStep } from '../../../bench/sam-step-job.ts';
import type { SamStepArguments, SamStepReport } from '../../../bench/sam-step-job.ts';
import { openWebDevice } from '../../../src/runtime/web.ts';

export interface Arguments extends SamStepArguments {
  readonly threads: number;
}

/** The bench's training step on WASM. */
export async function main({ threads, ...job }: Arguments): Promise<SamStepReport> {
  const assets = new URL('/ort/', location.href).href;
  const { executor } = await openWebDevice('wasm', { assets, threads });
  return measureSamStep(executor, job);
}
