import { floatTensor, sizeOf } from '../graph/tensor.ts';
import type { FloatTensor, Shape } from '../graph/tensor.ts';
import type { Svd } from '../linalg/svd.ts';
import { createRandom } from '../protocol/random.ts';
import { weightShape } from '../model/scope.ts';
import type { AdaptedLayer, Adapter } from './adapter.ts';
import { tensorGroup } from './trained-tensors.ts';

/** The thin SVD of a layer's frozen weight as out x in, by the layer's name in the checkpoint. */
export type SvdOf = (layerName: string) => Promise<Svd>;

/** Deviation of X and Y in SALT's random start. */
const SMALL = 0.01;

/**
 * What training starts from, for every tensor that the adapter adds and trains: alpha 1, beta 0, X and Y by
 * `start`, A of variance 1 / in, B 0. The model's own trained tensors start from its weights.
 * @returns by name in the checkpoint; equal seeds give equal values
 */
export function initialTrainedValues(adapter: Adapter, seed: number): Map<string, FloatTensor> {
  const random = createRandom(seed);
  const normal = (shape: Shape, deviation: number): FloatTensor =>
    floatTensor(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => deviation * random.normal()),
    );
  const identity = adapter.method.method === 'salt' && adapter.method.start === 'identity';
  const startOf = (part: string, shape: Shape): FloatTensor => {
    switch (part) {
      case 'salt.alpha':
        return floatTensor(shape, new Float32Array(sizeOf(shape)).fill(1));
      case 'salt.X':
        // Rows of length near 1 where Y starts at zero, so that Y learns at its own rate.
        return normal(shape, identity ? 1 / Math.sqrt(shape[1] ?? 1) : SMALL);
      case 'salt.Y':
        return identity ? floatTensor(shape) : normal(shape, SMALL);
      case 'lora.A':
        return normal(shape, 1 / Math.sqrt(sizeOf(shape.slice(1))));
      default: // salt.beta, lora.B
        return floatTensor(shape);
    }
  };
  return new Map(
    adapter.trainable
      .filter(({ name }) => tensorGroup(name) === 'adapter')
      .map(({ name, shape }) => [name, startOf(name.split('.').slice(-2).join('.'), shape)]),
  );
}

/**
 * U, V^T and s of one layer, by name in the checkpoint; nothing for a layer that the method does not adapt by its
 * singular values.
 */
export async function layerFactors(layer: AdaptedLayer, svdOf: SvdOf): Promise<Map<string, FloatTensor>> {
  if (!layer.split) return new Map();
  const values = layer.split.top + layer.split.rest;
  const { u, s, vt } = await svdOf(layer.name);
  return new Map([
    [`${layer.name}.salt.U`, floatTensor([layer.layer.outFeatures, values], u)],
    [`${layer.name}.salt.s`, floatTensor([values], s)],
    [`${layer.name}.salt.Vt`, floatTensor([values, ...weightShape(layer.layer).slice(1)], vt)],
  ]);
}

/**
 * Every tensor that the adapter adds to the model, trained and frozen, by name in the checkpoint.
 * @param svdOf called for one layer after another
 */
export async function adapterTensors(
  adapter: Adapter,
  svdOf: SvdOf,
  seed: number,
): Promise<Map<string, FloatTensor>> {
  const tensors = initialTrainedValues(adapter, seed);
  for (const layer of adapter.layers) {
    for (const [name, value] of await layerFactors(layer, svdOf)) tensors.set(name, value);
  }
  return tensors;
}
