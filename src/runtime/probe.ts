import type { Executor } from '../graph/executor.ts';
import { Graph } from '../graph/graph.ts';
import { encodeModel } from '../graph/onnx.ts';
import { floatTensor } from '../graph/tensor.ts';
import { SaltError } from '../protocol/errors.ts';
import { whyOf } from './devices.ts';
import type { Probe } from './devices.ts';

interface Trial {
  /** Side of the square matrices. */
  readonly size: number;
  /** Products in a row. */
  readonly products: number;
}

/** Enough to see whether the numbers are right, and to notice a software adapter within a second. */
const SMALL: Trial = { size: 256, products: 2 };
/** Long enough that a fast GPU is not judged by the latency of one call. */
const LARGE: Trial = { size: 1024, products: 4 };
/** A device that takes longer for the small trial is measured by that alone. */
const SLOW_MS = 50;

/**
 * Opens a device, multiplies matrices whose product is known and checks the numbers.
 * A device that fails is one that does not work; nothing but a bug is thrown.
 * @param timed whether the rate is wanted; without it, it is that of the small trial
 */
export async function probeDevice(open: () => Promise<Executor>, timed: boolean): Promise<Probe> {
  let executor: Executor | undefined;
  try {
    executor = await open();
    const small = await multiply(executor, SMALL);
    if (small.wrong > 0) {
      return {
        works: false,
        reason: `It computes wrong numbers (${small.wrong} of them): update its driver.`,
      };
    }
    const rate =
      timed && small.ms < SLOW_MS
        ? rateOf(LARGE, (await multiply(executor, LARGE)).ms)
        : rateOf(SMALL, small.ms);
    return { works: true, rate };
  } catch (error) {
    if (error instanceof SaltError) return { works: false, reason: error.message, ...whyOf(error.details) };
    throw error;
  } finally {
    await executor?.dispose();
  }
}

/** In billions of multiply-adds a second. */
function rateOf({ size, products }: Trial, ms: number): number {
  return (products * size ** 3) / (ms / 1000) / 1e9;
}

/** y = x w ... w, and its sum, which is all that a timed run brings back. */
function trialModel({ size, products }: Trial): Uint8Array {
  const graph = new Graph();
  const x = graph.input('x', [size, size]);
  const w = graph.input('w', [size, size]);
  let y = x;
  for (let i = 0; i < products; i++) y = graph.emit('MatMul', [y, w], { shape: [size, size] });
  graph.output('y', y);
  graph.output('sum', graph.emit('ReduceSum', [y], { shape: [1, 1] }));
  return encodeModel(graph);
}

/**
 * w is twice the identity with its columns moved by one, so that each product moves the columns of x by one and
 * doubles them, exactly.
 */
async function multiply(executor: Executor, trial: Trial): Promise<{ wrong: number; ms: number }> {
  const { size, products } = trial;
  const program = await executor.compile(trialModel(trial), { hostOutputs: ['sum'] });
  const values = new Float32Array(size * size).map((_, i) => (i % 251) / 251);
  const shift = new Float32Array(size * size);
  for (let row = 0; row < size; row++) shift[row * size + ((row + 1) % size)] = 2;
  const feeds = {
    x: await executor.upload(floatTensor([size, size], values)),
    w: await executor.upload(floatTensor([size, size], shift)),
  };
  const run = async () => {
    const { y, sum } = await program.run(feeds);
    if (!y || !sum) throw new SaltError('GRAPH_INVALID', 'The test graph returned nothing.');
    sum.dispose();
    return y;
  };

  // The first run compiles kernels; its numbers are checked and its time is not taken.
  const first = await run();
  const { data } = await executor.download(first);
  first.dispose();
  let wrong = 0;
  for (let i = 0; i < data.length; i++) {
    const from = i - (i % size) + ((i + size - products) % size);
    if (data[i] !== Math.fround(2 ** products * (values[from] ?? NaN))) wrong++;
  }
  const start = performance.now();
  (await run()).dispose();
  const ms = performance.now() - start;
  feeds.x.dispose();
  feeds.w.dispose();
  await program.dispose();
  return { wrong, ms };
}
