import type { FloatTensor } from '../graph/tensor.ts';
import type { SvdTask } from '../linalg/svd-message.ts';
import type { Svd } from '../linalg/svd.ts';
import { SaltError } from '../protocol/errors.ts';
import type { Adapter } from './adapter.ts';
import type { SvdOf } from './initial-values.ts';

/** Where singular value decompositions come from: threads, Web Workers, a cache. In the order of the tasks. */
export type FactorMatrices = (tasks: readonly SvdTask[]) => Promise<readonly Svd[]>;

/**
 * Decomposes the weights of every layer that the adapter treats by its singular values, all at once, and keeps the
 * factors. Methods without any, such as LoRA, cost nothing.
 * @param weights of the base model, by name in the checkpoint
 * @throws SaltError `CHECKPOINT_MISMATCH` when a weight is missing; `NOT_FINITE`, `CANCELLED` from `factor`
 */
export async function factorLayers(
  adapter: Pick<Adapter, 'layers'>,
  weights: ReadonlyMap<string, FloatTensor>,
  factor: FactorMatrices,
): Promise<SvdOf> {
  const layers = adapter.layers.filter(({ split }) => split);
  const tasks = layers.map(({ name, layer }): SvdTask => {
    const weight = weights.get(`${name}.weight`);
    if (weight?.data.length !== layer.outFeatures * layer.inFeatures) {
      throw new SaltError(
        'CHECKPOINT_MISMATCH',
        `The model has no ${name}.weight of ${layer.outFeatures} x ${layer.inFeatures} numbers.`,
        { tensor: `${name}.weight` },
      );
    }
    return { matrix: weight.data, rows: layer.outFeatures, cols: layer.inFeatures };
  });
  const factors = tasks.length > 0 ? await factor(tasks) : [];
  const byName = new Map(layers.map(({ name }, i) => [name, factors[i]]));
  return async (name) => {
    const found = byName.get(name);
    if (!found) throw new SaltError('INVALID_ARGUMENT', `The layer ${name} was not decomposed.`);
    return found;
  };
}
