import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Graph } from '../../src/graph/graph.ts';
import { encodeModel } from '../../src/graph/onnx.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { assertMisuses, assertRoundTrips, assertTraining } from './expected.ts';
import { exhaust, failureOf, misuses, roundTrips, signModel, train } from './scenario.ts';

describe('the executor on the CPU in Node', async () => {
  const { executor, device, passedOver } = await openNodeDevice('cpu', { threads: 1 });
  after(() => executor.dispose());

  test('is the one asked for', () => {
    assert.equal(device, 'cpu');
    assert.equal(executor.device, 'cpu');
    assert.deepEqual(passedOver, []);
  });

  test('computes, and takes its outputs back as inputs', async () => assertTraining(await train(executor)));

  test('gives the same numbers with the arena off', async () => {
    const frugal = (await openNodeDevice('cpu', { threads: 1, arena: false })).executor;
    assert.deepEqual(await train(frugal), await train(executor));
    await frugal.dispose();
  });

  test('moves tensors of every type there and back', async () =>
    assertRoundTrips(await roundTrips(executor)));

  test('answers each misuse with a typed error', async () => assertMisuses(await misuses(executor)));

  test('names an unknown operator', async () => {
    const graph = new Graph();
    graph.output('y', graph.emit('Bogus', [graph.input('x', [1])], { shape: [1] }));
    assert.match(await failureOf(() => executor.compile(encodeModel(graph))), /^GRAPH_INVALID: .*Bogus/);
  });

  test('runs operators that WebGPU lacks', async () => {
    const program = await executor.compile(signModel());
    const { y } = await program.run({ x: await executor.upload(floatTensor([2], Float32Array.of(-3, 4))) });
    assert.ok(y);
    assert.deepEqual([...(await executor.download(y)).data], [-1, 1]);
  });

  test('running out of memory is an error, after which it works on', async () => {
    assert.match(
      await exhaust(executor, 2 ** 20),
      /^OUT_OF_MEMORY: Running the graph on cpu ran out of memory/,
    );
    assertTraining(await train(executor));
  });

  test('an int64 output must be cast before it is read', async () => {
    const graph = new Graph();
    graph.output('y', graph.emit('Shape', [graph.input('x', [3, 4])], { shape: [2], dtype: 'int64' }));
    const program = await executor.compile(encodeModel(graph));
    const { y } = await program.run({ x: await executor.upload(floatTensor([3, 4])) });
    assert.ok(y);
    assert.match(await failureOf(() => executor.download(y)), /^INVALID_ARGUMENT: int64/);
  });
});
