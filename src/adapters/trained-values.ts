import { sameShape } from '../graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../graph/tensor.ts';
import { SaltError } from '../protocol/errors.ts';
import type { Adapter } from './adapter.ts';

/**
 * Demands that the values be those that the adapter trains: none missing, none surplus, each of its shape.
 * @param permitted what there may be beside them
 * @throws SaltError `ADAPTER_INVALID` listing all that is wrong
 */
export function checkTrainedValues(
  adapter: Pick<Adapter, 'trainable'>,
  values: ReadonlyMap<string, FloatTensor>,
  permitted: readonly TensorSpec[] = [],
): void {
  const expected = new Map([...adapter.trainable, ...permitted].map(({ name, shape }) => [name, shape]));
  const missing = adapter.trainable.flatMap(({ name }) => (values.has(name) ? [] : [name]));
  const surplus = [...values.keys()].filter((name) => !expected.has(name));
  const misshapen = [...values].flatMap(([name, { shape }]) => {
    const wanted = expected.get(name);
    return wanted && !sameShape(shape, wanted)
      ? [`${name} [${shape.join(', ')}] instead of [${wanted.join(', ')}]`]
      : [];
  });
  const faults = [
    ['missing', missing],
    ['surplus', surplus],
    ['misshapen', misshapen],
  ] as const;
  const told = faults.flatMap(([fault, names]) => (names.length > 0 ? [`${fault}: ${listed(names)}`] : []));
  if (told.length > 0) {
    throw new SaltError('ADAPTER_INVALID', `The adapter does not fit the model (${told.join('; ')}).`, {
      missing,
      surplus,
      misshapen,
    });
  }
}

/** A few names in full; the error's details hold them all. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
