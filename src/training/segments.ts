import { stageTensors } from '../adapters/stage-tensors.ts';
import type { StageAdapter } from '../adapters/stage-tensors.ts';
import { SaltError } from '../protocol/errors.ts';
import { ops, sizeOf } from '../graph/index.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { floatTensor } from '../graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../graph/tensor.ts';
import { allStages } from '../model/segmentation-model.ts';
import type { SegmentationModel, Stage } from '../model/segmentation-model.ts';
import type { Segment } from './step-plan.ts';

/** A stage with what it reads, under the names it uses itself. */
export interface StageLayout {
  readonly stage: Stage;
  readonly trainable: readonly TensorSpec[];
  readonly frozen: readonly TensorSpec[];
  /** Index into the plan's segments; undefined where nothing is trained. */
  readonly segment: number | undefined;
}

export interface ModelLayout {
  readonly stages: readonly StageLayout[];
  readonly segments: readonly Segment[];
}

export function layoutModel(model: SegmentationModel, adapter: StageAdapter): ModelLayout {
  const segments: Segment[] = [];
  const stages = allStages(model).map((stage): StageLayout => {
    const { trainable, frozen } = stageTensors(stage, adapter);
    if (trainable.length === 0) return { stage, trainable, frozen, segment: undefined };
    segments.push({
      stage: stage.name,
      parameters: trainable.map(({ name, shape }) => ({ name: stage.prefix + name, shape })),
      length: trainable.reduce((total, { shape }) => total + sizeOf(shape), 0),
    });
    return { stage, trainable, frozen, segment: segments.length - 1 };
  });
  if (segments.length === 0) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      'This method leaves nothing to train; choose another or more layers.',
    );
  }
  return { stages, segments };
}

/** Cuts a segment's vector into its parameters, inside a graph. */
export function unpack(vector: Value, specs: readonly TensorSpec[]): Map<string, Value> {
  const sizes = specs.map(({ shape }) => sizeOf(shape));
  const pieces = ops.split(vector, sizes, 0);
  return new Map(specs.map(({ name, shape }, i) => [name, ops.reshape(pieces[i] ?? vector, shape)]));
}

/** Lays parameters end to end, on the host. @throws SaltError `CHECKPOINT_MISMATCH` listing what is absent */
export function pack(segment: Segment, values: ReadonlyMap<string, FloatTensor>): FloatTensor {
  const missing = segment.parameters.filter(
    ({ name, shape }) => values.get(name)?.shape.join() !== shape.join(),
  );
  if (missing.length > 0) {
    const names = missing.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
    throw new SaltError('CHECKPOINT_MISMATCH', `No values of the right shape for ${names.join(', ')}.`, {
      missing: missing.map(({ name }) => name),
    });
  }
  const vector = floatTensor([segment.length]);
  let offset = 0;
  for (const { name, shape } of segment.parameters) {
    vector.data.set(values.get(name)?.data ?? [], offset);
    offset += sizeOf(shape);
  }
  return vector;
}

/** The inverse of `pack`; the tensors are views of the vector. */
export function unpackHost(segment: Segment, vector: FloatTensor): Map<string, FloatTensor> {
  let offset = 0;
  return new Map(
    segment.parameters.map(({ name, shape }) => {
      const start = offset;
      offset += sizeOf(shape);
      return [name, floatTensor(shape, vector.data.subarray(start, offset))];
    }),
  );
}

/** Resolves a stage's tensors: trained ones from the segment's vector, the rest as graph inputs. */
export function stageResolver(
  graph: Graph,
  layout: StageLayout,
  vector: Value | undefined,
  frozenName: (local: string) => string,
): (spec: TensorSpec) => Value {
  const values = vector ? unpack(vector, layout.trainable) : new Map<string, Value>();
  return (spec) => {
    let value = values.get(spec.name);
    if (!value) {
      value = graph.input(frozenName(spec.name), spec.shape);
      values.set(spec.name, value);
    }
    return value;
  };
}
