import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { assertMisuses, assertResident, assertRoundTrips, assertTraining } from './expected.ts';
import { exhaust, failureOf, locations, misuses, roundTrips, signModel, train } from './scenario.ts';
import { useSoftwareGpu } from './software-gpu.ts';

describe(
  'the executor on WebGPU in Node, without falling back to the CPU',
  { skip: useSoftwareGpu() },
  () => {
    const opened = openNodeDevice('webgpu', { strict: true });

    test('computes, with parameters that stay on the device', async () => {
      const { executor } = await opened;
      assertTraining(await train(executor));
      assertResident(await locations(executor), 'gpu-buffer');
    });

    test('moves tensors of every type there and back', async () => {
      assertRoundTrips(await roundTrips((await opened).executor));
    });

    test('answers each misuse with a typed error', async () => {
      assertMisuses(await misuses((await opened).executor));
    });

    test('names an operator that it lacks', async () => {
      const { executor } = await opened;
      assert.match(
        await failureOf(() => executor.compile(signModel())),
        /^GRAPH_INVALID: .*webgpu has no kernel for Sign/,
      );
    });

    test('running out of memory is an error, after which it works on', async () => {
      const { executor } = await opened;
      assert.match(
        await exhaust(executor, 40_000),
        /^OUT_OF_MEMORY: Running the graph on webgpu ran out of memory/,
      );
      assertTraining(await train(executor));
    });

    test('is passed over by auto, because software is no GPU', async () => {
      const { executor, device, passedOver } = await openNodeDevice('auto');
      assert.equal(device, 'cpu');
      assert.match(
        passedOver.find((each) => each.device === 'webgpu')?.reason ?? '',
        /most likely a software adapter/,
      );
      await executor.dispose();
    });
  },
);
