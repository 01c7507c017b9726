import { SaltError } from '../protocol/errors.ts';
import type { DeviceTensor, Executor } from '../graph/executor.ts';
import type { FloatTensor, TensorSpec } from '../graph/tensor.ts';
import type { ModelLayout } from './segments.ts';

/** The tensors that a training run only reads, uploaded once. */
export class FrozenTensors {
  readonly #tensors: Map<string, DeviceTensor>;

  private constructor(tensors: Map<string, DeviceTensor>) {
    this.#tensors = tensors;
  }

  /** @throws SaltError `CHECKPOINT_MISMATCH` listing every tensor that is absent or misshapen */
  static async upload(
    executor: Executor,
    layout: ModelLayout,
    values: ReadonlyMap<string, FloatTensor>,
  ): Promise<FrozenTensors> {
    const specs = frozenSpecs(layout);
    const wrong = specs.filter(({ name, shape }) => values.get(name)?.shape.join() !== shape.join());
    if (wrong.length > 0) {
      const names = wrong.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
      throw new SaltError('CHECKPOINT_MISMATCH', `The model needs ${names.join(', ')}.`, {
        missing: wrong.map(({ name }) => name),
      });
    }
    const tensors = new Map<string, DeviceTensor>();
    for (const { name } of specs) {
      const value = values.get(name);
      if (value) tensors.set(name, await executor.upload(value));
    }
    return new FrozenTensors(tensors);
  }

  /** @param name the tensor's global name */
  get(name: string): DeviceTensor | undefined {
    return this.#tensors.get(name);
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
  }
}

/** Global names and shapes of everything that is read but not trained. */
export function frozenSpecs(layout: ModelLayout): TensorSpec[] {
  return layout.stages.flatMap(({ stage, frozen }) =>
    frozen.map(({ name, shape }) => ({ name: stage.prefix + name, shape })),
  );
}
