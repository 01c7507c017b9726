import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { Verification } from '../../src/training/verify.ts';
import { assertTypical } from '../model/sam/typical.ts';
import { runInPage, skipWithoutChromium } from './harness.ts';
import type { Arguments } from './pages/references.ts';

async function verify(
  name: string,
  device: 'wasm' | 'webgpu',
  plan: 'whole' | 'staged',
): Promise<Verification> {
  const file = await readFile(new URL(`../reference/${name}.safetensors`, import.meta.url), 'base64');
  return runInPage<Verification>('references', { device, plan, file } satisfies Arguments);
}

describe("the numbers of Meta's modules, in Chromium", { skip: skipWithoutChromium }, () => {
  test('on WASM, as one graph', async () => {
    assertTypical(await verify('window-padding', 'wasm', 'whole'));
  });

  test('on WASM, stage by stage', async () => {
    assertTypical(await verify('batch-2', 'wasm', 'staged'));
  });

  test('on WebGPU, strictly', async () => {
    assertTypical(await verify('window-padding', 'webgpu', 'whole'));
  });
});
