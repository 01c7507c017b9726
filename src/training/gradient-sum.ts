import { encodeModel, Graph, ops } from '../graph/index.ts';
import type { DeviceTensor, Executor, Program } from '../graph/executor.ts';
import { readScalar, take } from './plan-io.ts';
import type { StepGradients } from './step-plan.ts';

/** Adds up the gradients of several batches, as one larger batch. */
export class GradientSum {
  readonly #executor: Executor;
  readonly #programs = new Map<number, Program>();

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  /** Returns a + b with its squared norms, and disposes both. The loss is that of b. */
  async add(a: StepGradients, b: StepGradients): Promise<StepGradients> {
    const gradients: DeviceTensor[] = [];
    const squaredNorms: number[] = [];
    for (const [i, left] of a.gradients.entries()) {
      const right = b.gradients[i];
      if (!right) throw new RangeError('Both gradients have the same segments.');
      const program = await this.#program(left.shape[0] ?? 0);
      const outputs = await program.run({ left, right });
      left.dispose();
      right.dispose();
      gradients.push(take(outputs, 'sum'));
      squaredNorms.push(await readScalar(this.#executor, outputs, 'squaredNorm'));
    }
    return { loss: b.loss, gradients, squaredNorms };
  }

  async dispose(): Promise<void> {
    for (const program of this.#programs.values()) await program.dispose();
    this.#programs.clear();
  }

  async #program(length: number): Promise<Program> {
    let program = this.#programs.get(length);
    if (!program) {
      const graph = new Graph();
      const total = ops.add(graph.input('left', [length]), graph.input('right', [length]));
      graph.output('sum', total);
      graph.output('squaredNorm', ops.sum(ops.mul(total, total)));
      program = await this.#executor.compile(encodeModel(graph), { hostOutputs: ['squaredNorm'] });
      this.#programs.set(length, program);
    }
    return program;
  }
}
