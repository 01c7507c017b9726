/** The loop on WebGPU, on Chromium's software adapter: it shows that the numbers are right, never how fast they come. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInPage, skipWithoutChromium } from './harness.ts';
import type { Arguments as LostArguments, Result as Lost } from './pages/worker-device-lost.ts';
import type { Arguments, Result } from './pages/worker-webgpu.ts';

/** Further on AdamW, which divides gradients by their size, makes whole steps of rounding: 1e-3 was seen at the fifth. */
const STEPS = 3;

/** Enough for a pause that is heard late: each worker with a device must have a step left when it loses it. */
const STEPS_BESIDE_A_LOSS = 12;

/** Relative; measured: 7e-8, 4e-7 and 9e-6 in the first steps. */
const LOSS_TOLERANCE = 5e-5;
/** Of 255; measured: none differs. */
const PROBABILITY_TOLERANCE = 1;

const run = (device: Arguments['device']) => runInPage<Result>('worker-webgpu', { device, steps: STEPS });

describe('the back end on WebGPU, in Chromium', { skip: skipWithoutChromium }, () => {
  test('trains and segments on the graphics device, to the numbers of the processor', async (t) => {
    const wasm = await run('wasm');
    const webgpu = await run('webgpu');

    assert.deepEqual([wasm.device, webgpu.device], ['wasm', 'webgpu']);
    assert.deepEqual(wasm.submitted, { serve: 0, train: 0 });
    assert.deepEqual([webgpu.passedOver, webgpu.messages], [[], []]);
    // Each step and each frame is some hundred pieces of work for the device.
    assert.ok(webgpu.submitted.train >= 50 * STEPS, `${webgpu.submitted.train} submitted by the training`);
    assert.ok(webgpu.submitted.serve >= 50, `${webgpu.submitted.serve} submitted by the segmentation`);

    assert.equal(webgpu.losses.length, STEPS);
    assert.ok(webgpu.losses.every(Number.isFinite), webgpu.losses.join());
    const [first = NaN] = webgpu.losses;
    assert.ok((webgpu.losses.at(-1) ?? NaN) < first, `the loss does not fall: ${webgpu.losses.join()}`);

    const apart = webgpu.losses.map((loss, i) => Math.abs(loss / (wasm.losses[i] ?? NaN) - 1));
    assert.ok(Math.max(...apart) < LOSS_TOLERANCE, `losses differ by ${apart.join()}`);
    const pixels = webgpu.probabilities.flatMap((map, word) =>
      map.map((value, i) => Math.abs(value - (wasm.probabilities[word]?.[i] ?? NaN))),
    );
    assert.ok(pixels.length > 0 && pixels.every((difference) => difference <= PROBABILITY_TOLERANCE));
    assert.ok(
      webgpu.probabilities.every((map) => new Set(map).size > 5),
      'the masks are flat',
    );

    assert.deepEqual(
      webgpu.adapters.map(({ name, bytes }) => ({ name, bytes })),
      [{ name: 'Discs', bytes: webgpu.exported }],
    );
    t.diagnostic(
      `losses ${webgpu.losses.map((loss) => loss.toFixed(4)).join(' ')}, apart from WASM by ` +
        `${Math.max(...apart).toExponential(1)}; probabilities by ${Math.max(...pixels)} of 255; ` +
        `training ${(webgpu.milliseconds.training / 1000).toFixed(0)} s, ` +
        `segmenting ${(webgpu.milliseconds.segmenting / 1000).toFixed(0)} s`,
    );
  });

  test('goes on by itself after its device was lost, on another and then on the processor', async () => {
    const result = await runInPage<Lost>('worker-device-lost', {
      steps: STEPS_BESIDE_A_LOSS,
    } satisfies LostArguments);
    assert.equal(result.outcome, 'finished');
    const [saved = NaN] = result.resumedAt;
    const goesOn = `The graphics device was lost. The training goes on from step ${saved}, where it was last saved`;
    assert.deepEqual(
      result.messages.map((text) => text.replace(/ \(its driver .*?\)/u, '')),
      [`${goesOn}.`, `${goesOn}, on the processor.`],
    );
    assert.deepEqual(result.resumedAt, [saved, saved, saved]);
    const rest = Array.from({ length: STEPS_BESIDE_A_LOSS - saved }, (_, i) => saved + 1 + i);
    // One step on each device that was lost, and then all.
    assert.deepEqual(result.steps, [saved + 1, saved + 1, ...rest]);
    assert.equal(result.unfinished, 0);
    assert.equal(result.numbers, result.undisturbed, 'the result is not that of an undisturbed run');
  });
});
