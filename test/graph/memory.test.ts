import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { z } from 'zod';
import { encodeModel, estimateMemory, Graph, gradients, ops, sizeOf } from '../../src/graph/index.ts';
import { executionOrder, listingOrder } from '../../src/graph/listing-order.ts';
import { greater } from '../../src/graph/primitives/elementwise.ts';
import { liveNodes } from '../../src/graph/liveness.ts';
import type { Node } from '../../src/graph/index.ts';

const KILOBYTE_VECTOR = [256];

describe('the memory estimate', () => {
  test('of a chain holds two values at a time', () => {
    const graph = new Graph();
    let x = graph.input('x', KILOBYTE_VECTOR);
    for (let i = 0; i < 5; i++) x = ops.exp(x);
    graph.output('y', x);
    assert.deepEqual(estimateMemory(graph), { fixedBytes: 1024, peakActivationBytes: 2048 });
  });

  test('keeps what is read again later', () => {
    const graph = new Graph();
    const x = graph.input('x', KILOBYTE_VECTOR);
    const early = ops.exp(x);
    const late = ops.exp(ops.exp(ops.exp(early)));
    graph.output('y', ops.add(early, late)); // early, late and their sum
    assert.equal(estimateMemory(graph).peakActivationBytes, 3 * 1024);
  });

  test('keeps outputs to the end, and drops what nobody reads', () => {
    const graph = new Graph();
    const x = graph.input('x', KILOBYTE_VECTOR);
    const first = ops.exp(x);
    graph.output('first', first);
    ops.exp(ops.exp(x));
    graph.output('last', ops.exp(ops.exp(first)));
    assert.equal(estimateMemory(graph).peakActivationBytes, 3 * 1024);
  });

  test('takes a reshape for a view, which keeps what it views', () => {
    const graph = new Graph();
    const x = ops.exp(graph.input('x', KILOBYTE_VECTOR));
    const viewed = ops.reshape(ops.reshape(x, [16, 16]), [4, 64]);
    graph.output('y', ops.exp(viewed));
    const { fixedBytes, peakActivationBytes } = estimateMemory(graph);
    assert.equal(peakActivationBytes, 2 * 1024);
    assert.equal(fixedBytes, 1024 + 2 * 16, 'the input and two shapes of two int64');
  });

  test('counts bools as bytes', () => {
    const graph = new Graph();
    const x = graph.input('x', KILOBYTE_VECTOR);
    graph.output('y', ops.where(greater(x, 0), x, 0));
    assert.equal(estimateMemory(graph).peakActivationBytes, 256 + 1024);
  });

  test('of a backward pass grows with the activations that it needs', () => {
    const peak = (layers: number): number => {
      const graph = new Graph();
      let x = graph.input('x', KILOBYTE_VECTOR);
      const start = x;
      for (let i = 0; i < layers; i++) x = ops.exp(x);
      graph.output('g', gradients(graph, ops.sum(x), [start])[0]!);
      return estimateMemory(graph).peakActivationBytes;
    };
    assert.equal(peak(12) - peak(8), 4 * 1024);
  });
});

describe('the listing order', () => {
  const node = (output: string, ...inputs: string[]): Node => ({
    op: 'Add',
    inputs,
    outputs: [output],
    attributes: {},
  });

  const executed = (nodes: readonly Node[]): string[] =>
    executionOrder(nodes).flatMap(({ outputs }) => outputs);

  /** Layers h1, h2, ..., their gradients d and those of their weights w, made as a backward pass makes them. */
  function backwardPass(layers: number): Node[] {
    const forward = Array.from({ length: layers }, (_, i) => node(`h${i + 1}`, `h${i}`));
    const backward = Array.from({ length: layers }, (_, k) => {
      const i = layers - k;
      return [node(`d${i - 1}`, i === layers ? `h${i}` : `d${i}`), node(`w${i}`, `d${i - 1}`, `h${i - 1}`)];
    });
    return [...forward, ...backward.flat()];
  }

  test('has each weight gradient run before the next layer is differentiated', () => {
    const run = executed(listingOrder(backwardPass(4)));
    assert.deepEqual(run, 'h1 h2 h3 h4 d3 w4 d2 w3 d1 w2 d0 w1'.split(' '));
  });

  test('does so too when the weight gradients are gathered into one vector', () => {
    const nodes = [...backwardPass(3), node('all', 'w1', 'w2', 'w3')];
    assert.deepEqual(executed(listingOrder(nodes)), 'h1 h2 h3 d2 w3 d1 w2 d0 w1 all'.split(' '));
  });

  test('is what ONNX Runtime goes by', async () => {
    const graph = new Graph();
    let x = graph.input('x', [4]);
    // Operators that tell the layers apart, and that nothing fuses.
    const layers = [ops.exp, ops.softplus, ops.sigmoid];
    layers.forEach((layer, i) => {
      const weight = graph.input(`w${i}`, [4]);
      x = ops.mul(layer(x), weight);
    });
    const wanted = [...graph.inputs];
    const seed = { value: x, gradient: graph.input('dy', [4]) };
    gradients(graph, [seed], wanted).forEach((gradient, k) => {
      graph.output(`g${k}`, gradient);
    });
    const expected = executionOrder(listingOrder(liveNodes(graph))).map(({ op }) => op);
    assert.deepEqual(await profiledOperators(graph), expected);
  });

  test('lists every node once, and after what it reads', () => {
    const nodes = backwardPass(50);
    const listed = listingOrder(nodes);
    assert.equal(new Set(listed).size, nodes.length);
    const made = new Set(['h0']);
    for (const { inputs, outputs } of listed) {
      assert.ok(inputs.every((name) => made.has(name)));
      outputs.forEach((name) => made.add(name));
    }
  });
});

/** The operators that ONNX Runtime ran, in order, by its own profile. */
async function profiledOperators(graph: Graph): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  try {
    const session = await InferenceSession.create(encodeModel(graph), {
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
      graphOptimizationLevel: 'basic', // removes the Identity nodes of the outputs, and fuses nothing
    });
    const feeds = graph.inputs.map(({ name, shape }) => [
      name,
      new Tensor('float32', new Float32Array(sizeOf(shape)).fill(0.5), [...shape]),
    ]);
    await session.run(Object.fromEntries(feeds) as Record<string, Tensor>);
    session.endProfiling();
    await session.release();
    const events = z
      .array(
        z.object({
          ts: z.number(),
          name: z.string(),
          args: z.object({ op_name: z.string().optional() }).optional(),
        }),
      )
      .parse(JSON.parse(readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8')));
    return events
      .filter(({ name }) => name.endsWith('_kernel_time'))
      .sort((a, b) => a.ts - b.ts)
      .map(({ args }) => args?.op_name ?? '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
