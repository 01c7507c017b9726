import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { estimateMemory, Graph, gradients, ops } from '../../src/graph/index.ts';
import { listingOrder } from '../../src/graph/listing-order.ts';
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
    graph.output('y', ops.toFloat(ops.greater(x, 0)));
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

  /** The order in which ONNX Runtime runs a list of nodes. */
  function executed(nodes: readonly Node[]): string[] {
    const maker = new Map(nodes.flatMap((made, i) => made.outputs.map((name) => [name, i])));
    const read = new Set(nodes.flatMap(({ inputs }) => inputs));
    const done: string[] = [];
    const visit = (i: number): void => {
      const { inputs, outputs } = nodes[i]!;
      if (done.includes(outputs[0]!)) return;
      const makers = inputs.flatMap((name) => maker.get(name) ?? []);
      makers.sort((a, b) => b - a).forEach(visit);
      done.push(outputs[0]!);
    };
    for (let i = nodes.length - 1; i >= 0; i--) {
      if (!nodes[i]!.outputs.some((name) => read.has(name))) visit(i);
    }
    return done;
  }

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
