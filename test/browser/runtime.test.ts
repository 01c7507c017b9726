import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertMisuses, assertResident, assertRoundTrips, assertTraining } from '../runtime/expected.ts';
import { runInPage, skipWithoutChromium } from './harness.ts';
import type { Arguments, Result } from './pages/runtime.ts';

const run = (argument: Arguments, isolated = true) => runInPage<Result>('runtime', argument, { isolated });

describe('the executor in Chromium', { skip: skipWithoutChromium }, () => {
  for (const threads of [1, 2]) {
    test(`computes on WASM with ${threads} thread(s)`, async () => {
      const result = await run({ device: 'wasm', threads });
      assert.equal(result.isolated, true);
      assert.equal(result.device, 'wasm');
      assertTraining(result.training);
      assertResident(result.locations, 'cpu');
      assertRoundTrips(result.roundTrips);
      assertMisuses(result.misuses);
      assert.match(result.exhaustion, /^OUT_OF_MEMORY: /);
      assert.equal(result.sign, 'no error');
    });
  }

  test('computes on WebGPU, strictly, with parameters that stay on the device', async () => {
    const result = await run({ device: 'webgpu' });
    assert.equal(result.device, 'webgpu');
    assertTraining(result.training);
    assertResident(result.locations, 'gpu-buffer');
    assertRoundTrips(result.roundTrips);
    assertMisuses(result.misuses);
    assert.match(result.exhaustion, /^OUT_OF_MEMORY: /);
    assert.match(result.sign, /^GRAPH_INVALID: .*webgpu has no kernel for Sign/);
  });

  test('works on a page that is not isolated, passing over the software adapter', async () => {
    const result = await run({ device: 'auto' }, false);
    assert.equal(result.isolated, false);
    assert.equal(result.device, 'wasm');
    // Untried: what was tried and found slow reads otherwise.
    assert.match(
      result.passedOver[0]?.reason ?? '',
      /^The browser (has a software adapter only|found no graphics adapter)/,
    );
    assertTraining(result.training);
  });
});
