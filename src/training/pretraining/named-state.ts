import { floatTensor } from '../../graph/tensor.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import type { StepSubject } from '../job.ts';
import { layoutModel, pack, unpackHost } from '../segments.ts';
import type { EngineStart, StepEngine } from '../step-engine.ts';

type Tensors = ReadonlyMap<string, FloatTensor>;

/** Where a run stands, by the names of the checkpoint: graphs that read different tensors can go on from it. */
export interface NamedState {
  readonly values: Tensors;
  /** Moments of what was trained so far. */
  readonly first: Tensors;
  readonly second: Tensors;
}

/** What an engine for the subject starts from. Moments of what was never trained are zero. */
export function engineStart({ model, adapter }: StepSubject, state: NamedState): EngineStart {
  const { segments } = layoutModel(model, adapter);
  const vectors = (tensors: Tensors): FloatTensor[] =>
    segments.map((segment) => {
      const all = segment.parameters.map(
        ({ name, shape }) => [name, tensors.get(name) ?? floatTensor(shape)] as const,
      );
      return pack(segment, new Map(all));
    });
  return {
    parameters: segments.map((segment) => pack(segment, state.values)),
    moments: { first: vectors(state.first), second: vectors(state.second) },
  };
}

/** @param before of tensors that this engine does not read */
export async function namedState(engine: StepEngine, before: NamedState): Promise<NamedState> {
  const named = (vectors: readonly FloatTensor[], old: Tensors): Tensors =>
    new Map([
      ...old,
      ...engine.segments.flatMap((segment, i) => {
        const vector = vectors[i];
        return vector ? [...unpackHost(segment, floatTensor(vector.shape, vector.data.slice()))] : [];
      }),
    ]);
  const { first, second } = await engine.moments();
  return {
    values: named(await engine.parameters(), before.values),
    first: named(first, before.first),
    second: named(second, before.second),
  };
}
