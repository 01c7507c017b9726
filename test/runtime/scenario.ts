/** What every executor must do, written so that it runs in Node and in a browser and returns plain JSON. */
import type { Executor } from '../../src/graph/executor.ts';
import { Graph } from '../../src/graph/graph.ts';
import { encodeModel } from '../../src/graph/onnx.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import type { HostTensor } from '../../src/graph/tensor.ts';
import { SessionExecutor } from '../../src/runtime/session-executor.ts';
import { SaltError } from '../../src/protocol/errors.ts';

export const STEPS = 5;

/** A gradient descent in miniature: next = p - 0.1 (p - x w), loss = sum of (p - x w)^2 before the step. */
export function stepModel(): Uint8Array {
  const graph = new Graph();
  const p = graph.input('p', [2, 2]);
  const x = graph.input('x', [2, 3]);
  const w = graph.input('w', [3, 2]);
  const square = { shape: [2, 2] };
  const difference = graph.emit('Sub', [p, graph.emit('MatMul', [x, w], square)], square);
  graph.output(
    'next',
    graph.emit('Sub', [p, graph.emit('Mul', [difference, graph.scalar(0.1)], square)], square),
  );
  const squares = graph.emit('Mul', [difference, difference], square);
  graph.output('loss', graph.emit('ReduceSum', [squares], { shape: [1, 1] }));
  return encodeModel(graph);
}

/** Sign has no kernel on WebGPU; on other devices it does. */
export function signModel(): Uint8Array {
  const graph = new Graph();
  graph.output('y', graph.emit('Sign', [graph.input('x', [2])], { shape: [2] }));
  return encodeModel(graph);
}

export const X = [0.5, -1, 2, 1.5, 0.25, -0.75];
export const W = [1, -2, 0.5, 3, -1, 0.125];
export const P = [0.1, 0.2, 0.3, 0.4];

/** Loss of each step and the parameters at the end, which never left the device in between. */
export async function train(executor: Executor): Promise<{ losses: number[]; p: number[] }> {
  const program = await executor.compile(stepModel(), { hostOutputs: ['loss'] });
  const x = await executor.upload(floatTensor([2, 3], Float32Array.from(X)));
  const w = await executor.upload(floatTensor([3, 2], Float32Array.from(W)));
  let p = await executor.upload(floatTensor([2, 2], Float32Array.from(P)));
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { next, loss } = await program.run({ p, x, w });
    if (!next || !loss) throw new Error('an output is missing');
    losses.push(...(await executor.download(loss)).data);
    loss.dispose();
    p.dispose();
    p = next;
  }
  const result = [...(await executor.download(p)).data];
  for (const tensor of [p, x, w]) tensor.dispose();
  await program.dispose();
  return { losses, p: result };
}

/** Where one step leaves its outputs. */
export async function locations(executor: Executor): Promise<Record<string, string>> {
  if (!(executor instanceof SessionExecutor)) throw new Error('not one of ours');
  const program = await executor.compile(stepModel(), { hostOutputs: ['loss'] });
  const feeds = {
    p: await executor.upload(floatTensor([2, 2])),
    x: await executor.upload(floatTensor([2, 3])),
    w: await executor.upload(floatTensor([3, 2])),
  };
  const outputs = await program.run(feeds);
  const result: Record<string, string> = {};
  for (const [name, tensor] of Object.entries({ ...feeds, ...outputs })) {
    result[name] = executor.tensorOf(tensor).location;
    tensor.dispose();
  }
  await program.dispose();
  return result;
}

/** Uploads and downloads one tensor of each type; returns what came back. */
export async function roundTrips(
  executor: Executor,
): Promise<{ dtype: string; shape: number[]; data: number[] }[]> {
  const tensors: HostTensor[] = [
    floatTensor([2, 2], Float32Array.of(1.5, -2, 0, 3e-30)),
    floatTensor([], Float32Array.of(7)),
    { dtype: 'int32', shape: [3], data: Int32Array.of(-1, 0, 2 ** 30) },
    { dtype: 'bool', shape: [1, 5], data: Uint8Array.of(0, 1, 1, 0, 1) },
    { dtype: 'uint8', shape: [5], data: Uint8Array.of(0, 1, 128, 254, 255) },
  ];
  const results = [];
  for (const tensor of tensors) {
    const there = await executor.upload(tensor);
    const back = await executor.download(there);
    there.dispose();
    results.push({ dtype: back.dtype, shape: [...back.shape], data: [...back.data] });
  }
  return results;
}

/** Error code and message of each misuse, by name. */
export async function misuses(executor: Executor): Promise<Record<string, string>> {
  const program = await executor.compile(stepModel());
  const x = await executor.upload(floatTensor([2, 3], Float32Array.from(X)));
  const w = await executor.upload(floatTensor([3, 2], Float32Array.from(W)));
  const p = await executor.upload(floatTensor([2, 2], Float32Array.from(P)));
  const disposed = await executor.upload(floatTensor([2, 2]));
  disposed.dispose();
  disposed.dispose(); // harmless
  const other = { dtype: 'float32' as const, shape: [2, 2], dispose: () => undefined };
  const attempts: Record<string, () => Promise<unknown>> = {
    'disposed feed': () => program.run({ p: disposed, x, w }),
    'disposed download': () => executor.download(disposed),
    'missing feed': () => program.run({ p, x }),
    'surplus feed': () => program.run({ p, x, w, q: p }),
    'foreign feed': () => program.run({ p: other, x, w }),
    'wrong shape': () => program.run({ p: x, x, w }),
    'unknown host output': () => executor.compile(stepModel(), { hostOutputs: ['grad'] }),
    'broken model': () => executor.compile(Uint8Array.of(1, 2, 3, 4)),
  };
  const results: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts)) results[name] = await failureOf(attempt);
  await program.dispose();
  await program.dispose(); // harmless
  results['disposed program'] = await failureOf(() => program.run({ p, x, w }));
  for (const tensor of [p, x, w]) tensor.dispose();
  return results;
}

/** Asks for an output of n x n floats, more than there is memory, and returns what that gives. */
export async function exhaust(executor: Executor, n: number): Promise<string> {
  const graph = new Graph();
  const product = graph.emit('MatMul', [graph.input('x', [n, 1]), graph.input('w', [1, n])], {
    shape: [n, n],
  });
  graph.output('y', product);
  const program = await executor.compile(encodeModel(graph));
  const feeds = {
    x: await executor.upload(floatTensor([n, 1])),
    w: await executor.upload(floatTensor([1, n])),
  };
  const failure = await failureOf(() => program.run(feeds));
  for (const tensor of Object.values(feeds)) tensor.dispose();
  await program.dispose();
  return failure;
}

export async function failureOf(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt();
    return 'no error';
  } catch (error) {
    return error instanceof SaltError ? `${error.code}: ${error.message}` : `untyped: ${String(error)}`;
  }
}
