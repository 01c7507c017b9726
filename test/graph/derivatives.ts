import assert from 'node:assert/strict';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeModel, Graph, gradients, ops, sizeOf } from '../../src/graph/index.ts';
import type { Shape, Value } from '../../src/graph/index.ts';
import { createRandom } from '../../src/protocol/random.ts';
import type { Random } from '../../src/protocol/random.ts';
import { interpret } from './interpreter.ts';
import { tensor } from './interpreter-kernels.ts';
import type { Tensor } from './interpreter-kernels.ts';

export interface Operation {
  readonly shapes: readonly Shape[];
  readonly build: (...inputs: Value[]) => Value | readonly Value[];
  /** Draws the numbers of the inputs; default: normal. */
  readonly draw?: (random: Random) => number;
}

/** The graph of a random linear function of all that the operation returns, with its gradients if asked. */
export function lossGraph({ shapes, build }: Operation, random: Random, withGradients: boolean): Graph {
  const graph = new Graph();
  const inputs = shapes.map((shape, i) => graph.input(`x${i}`, shape));
  const built = build(...inputs);
  const results: readonly Value[] = 'graph' in built ? [built] : built;
  const terms = results.map((y) => {
    const weights = Float32Array.from({ length: sizeOf(y.shape) }, () => random.normal());
    return ops.sum(ops.mul(y, graph.constant(weights, y.shape)));
  });
  const loss = terms.reduce((a, b) => ops.add(a, b));
  graph.output('loss', loss);
  if (withGradients) {
    gradients(graph, loss, inputs).forEach((gradient, i) => {
      graph.output(`gradient${i}`, gradient);
    });
  }
  return graph;
}

/**
 * Holds the gradients of an operation against central differences along random directions in float64, and all that
 * ONNX Runtime answers against the float64 values.
 */
export async function checkDerivatives(operation: Operation, seed: number): Promise<void> {
  const random = createRandom(seed);
  const draw = operation.draw ?? ((r: Random) => r.normal());
  // float32 numbers, so that ONNX Runtime gets the same.
  const at = operation.shapes.map((shape) =>
    tensor(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => draw(random)),
    ),
  );
  const full = lossGraph(operation, createRandom(seed + 1), true);
  const exact = interpret(full, named(at));
  checkDirections(operation, seed, at, exact);
  await checkOnnxRuntime(full, at, exact);
}

function checkDirections(
  operation: Operation,
  seed: number,
  at: readonly Tensor[],
  exact: Readonly<Record<string, Tensor>>,
): void {
  const random = createRandom(seed + 2);
  const forward = lossGraph(operation, createRandom(seed + 1), false);
  const step = 1e-5;
  for (let k = 0; k < 3; k++) {
    const direction = at.map(({ shape, data }) =>
      tensor(
        shape,
        data.map(() => random.normal()),
      ),
    );
    const lossAt = (distance: number): number => {
      const moved = at.map(({ shape, data }, i) =>
        tensor(
          shape,
          data.map((x, j) => x + distance * direction[i]!.data[j]!),
        ),
      );
      return interpret(forward, named(moved)).loss!.data[0]!;
    };
    const measured = (lossAt(step) - lossAt(-step)) / (2 * step);
    let claimed = 0;
    let size = 0;
    direction.forEach(({ data }, i) => {
      data.forEach((v, j) => {
        const term = v * exact[`gradient${i}`]!.data[j]!;
        claimed += term;
        size += Math.abs(term);
      });
    });
    assert.ok(
      Math.abs(measured - claimed) <= 1e-7 * Math.max(1, size),
      `the derivative is ${measured}, the graph says ${claimed} (shapes ${JSON.stringify(operation.shapes)})`,
    );
  }
}

async function checkOnnxRuntime(
  graph: Graph,
  at: readonly Tensor[],
  exact: Readonly<Record<string, Tensor>>,
): Promise<void> {
  const answers = await runOnnx(graph, named(at));
  for (const [name, { shape, data }] of Object.entries(exact)) {
    const answer = answers[name]!;
    assert.deepEqual(answer.shape, shape, name);
    const largest = Math.max(1, ...data.map(Math.abs));
    data.forEach((value, i) => {
      const error = Math.abs(value - answer.data[i]!) / largest;
      // float32 has 6e-8; sums of a few hundred terms lose a digit or two.
      assert.ok(error <= 1e-5, `ONNX Runtime: ${name}[${i}] is ${answer.data[i]}, not ${value}`);
    });
  }
}

/** Runs a graph in ONNX Runtime on the processor. */
export async function runOnnx(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const session = await InferenceSession.create(encodeModel(graph), { logSeverityLevel: 3 });
  try {
    const used = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
    const outputs = await session.run(
      Object.fromEntries(
        used.map(([name, { shape, data }]) => [
          name,
          new OrtTensor('float32', Float32Array.from(data), shape),
        ]),
      ),
    );
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { dims, data }]) => [name, tensor(dims, data as Float32Array)]),
    );
  } finally {
    await session.release();
  }
}

function named(tensors: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(tensors.map((value, i) => [`x${i}`, value]));
}
