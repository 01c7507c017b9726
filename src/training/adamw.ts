import { encodeModel, Graph, ops, floatTensor } from '../graph/index.ts';
import type { DeviceTensor, Executor, Program } from '../graph/executor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { downloadFloats, take } from './plan-io.ts';
import type { Segment } from './step-plan.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled: parameters shrink by learning rate x this in every step (Loshchilov & Hutter, 2019). */
  readonly weightDecay: number;
}

/** PyTorch's defaults, which the SALT paper trains with. */
export const ADAMW_DEFAULTS: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

export interface Moments {
  /** One vector for each segment. */
  readonly first: readonly FloatTensor[];
  readonly second: readonly FloatTensor[];
}

export interface Update {
  readonly learningRate: number;
  /** Multiplies the gradient: norm clipping, and 1 / the number of accumulated batches. */
  readonly scale: number;
  /** Counted from 1, for the bias correction. */
  readonly step: number;
}

/** AdamW over segments. Parameters and moments stay on the device between steps. */
export class AdamW {
  readonly #executor: Executor;
  readonly #options: AdamWOptions;
  readonly #programs: ReadonlyMap<number, Program>;
  readonly #segments: readonly Segment[];
  #first: DeviceTensor[];
  #second: DeviceTensor[];

  private constructor(
    executor: Executor,
    options: AdamWOptions,
    segments: readonly Segment[],
    programs: ReadonlyMap<number, Program>,
    moments: { first: DeviceTensor[]; second: DeviceTensor[] },
  ) {
    this.#executor = executor;
    this.#options = options;
    this.#segments = segments;
    this.#programs = programs;
    this.#first = moments.first;
    this.#second = moments.second;
  }

  /** @param moments of an earlier run; zeros without */
  static async create(
    executor: Executor,
    segments: readonly Segment[],
    options: AdamWOptions,
    moments?: Moments,
  ): Promise<AdamW> {
    const programs = new Map<number, Program>();
    const first: DeviceTensor[] = [];
    const second: DeviceTensor[] = [];
    for (const [i, { length }] of segments.entries()) {
      if (!programs.has(length))
        programs.set(length, await executor.compile(encodeModel(updateGraph(length, options))));
      first.push(await executor.upload(moments?.first[i] ?? floatTensor([length])));
      second.push(await executor.upload(moments?.second[i] ?? floatTensor([length])));
    }
    return new AdamW(executor, options, segments, programs, { first, second });
  }

  /** Returns the new parameters and disposes the old ones and the gradients. */
  async apply(
    parameters: readonly DeviceTensor[],
    gradients: readonly DeviceTensor[],
    { learningRate, scale, step }: Update,
  ): Promise<DeviceTensor[]> {
    const { beta1, beta2 } = this.#options;
    const numbers = Float32Array.of(learningRate, scale, 1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step));
    const settings = await this.#executor.upload(floatTensor([4], numbers));
    const updated: DeviceTensor[] = [];
    for (const [i, { length }] of this.#segments.entries()) {
      const program = this.#programs.get(length);
      const feeds = {
        parameters: parameters[i],
        gradient: gradients[i],
        first: this.#first[i],
        second: this.#second[i],
        settings,
      };
      if (!program || !allPresent(feeds))
        throw new RangeError('An update needs one vector for each segment.');
      const outputs = await program.run(feeds);
      for (const used of [feeds.parameters, feeds.gradient, feeds.first, feeds.second]) used.dispose();
      updated.push(take(outputs, 'newParameters'));
      this.#first[i] = take(outputs, 'newFirst');
      this.#second[i] = take(outputs, 'newSecond');
    }
    settings.dispose();
    return updated;
  }

  /**
   * Both moments, for a checkpoint. No copies, which would take their memory once more: on the processor they are views of the
   * device's, that go with the next update.
   */
  async moments(): Promise<Moments> {
    const fetch = (tensors: readonly DeviceTensor[]): Promise<FloatTensor[]> =>
      Promise.all(tensors.map((tensor) => downloadFloats(this.#executor, tensor)));
    return { first: await fetch(this.#first), second: await fetch(this.#second) };
  }

  async dispose(): Promise<void> {
    for (const tensor of [...this.#first, ...this.#second]) tensor.dispose();
    this.#first = [];
    this.#second = [];
    for (const program of this.#programs.values()) await program.dispose();
  }
}

function allPresent<T extends Record<string, DeviceTensor | undefined>>(
  feeds: T,
): feeds is T & Record<keyof T, DeviceTensor> {
  return Object.values(feeds).every((tensor) => tensor !== undefined);
}

function updateGraph(length: number, { beta1, beta2, epsilon, weightDecay }: AdamWOptions): Graph {
  const graph = new Graph();
  const vector = (name: string) => graph.input(name, [length]);
  const [parameters, gradient, first, second] = [
    vector('parameters'),
    vector('gradient'),
    vector('first'),
    vector('second'),
  ];
  const settings = graph.input('settings', [4]);
  const setting = (i: number) => ops.slice(settings, [{ axis: 0, start: i, end: i + 1 }]);
  const [rate, scale, correct1, correct2] = [setting(0), setting(1), setting(2), setting(3)];
  const g = ops.mul(gradient, scale);
  const newFirst = ops.add(ops.mul(first, beta1), ops.mul(g, 1 - beta1));
  const newSecond = ops.add(ops.mul(second, beta2), ops.mul(ops.mul(g, g), 1 - beta2));
  const deviation = ops.add(ops.sqrt(ops.mul(newSecond, correct2)), epsilon);
  const direction = ops.div(ops.mul(newFirst, correct1), deviation);
  const decayed = ops.mul(parameters, ops.sub(graph.scalar(1), ops.mul(rate, weightDecay)));
  graph.output('newParameters', ops.sub(decayed, ops.mul(direction, rate)));
  graph.output('newFirst', newFirst);
  graph.output('newSecond', newSecond);
  return graph;
}
