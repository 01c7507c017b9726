import { sizeOf } from '../graph/tensor.ts';
import { expectedTensors } from '../model/checkpoint/sam-tensors.ts';
import type { SamConfig } from '../model/sam-config.ts';
import type { Adapter } from './adapter.ts';
import { LAYER_KINDS } from './layer-kinds.ts';
import type { LayerKind } from './layer-kinds.ts';
import { saltRank } from './method-config.ts';
import { tensorGroup } from './trained-tensors.ts';
import type { TensorGroup } from './trained-tensors.ts';

/** CLIP ViT-B/32, text and image encoder: the published percentages count it, frozen as it is. */
export const CLIP_VIT_B32_PARAMETERS = 151_277_313;

/** A number of parameters that a percentage refers to. */
export interface Denominator {
  /** What is counted, for people. */
  readonly name: string;
  readonly parameters: number;
}

export interface TrainableShare extends Denominator {
  /** Trainable parameters per hundred of `parameters`. */
  readonly percent: number;
}

/** The adapted layers of one kind. */
export interface LayerCount {
  readonly kind: LayerKind;
  readonly layers: number;
  /** Singular values of each layer: in all, scaled and shifted, updated by X Y. Absent for LoRA. */
  readonly singularValues?: { readonly all: number; readonly top: number; readonly rest: number };
}

export interface ParameterCount {
  readonly trainable: number;
  readonly groups: Readonly<Record<TensorGroup, number>>;
  readonly layers: readonly LayerCount[];
  readonly shares: readonly TrainableShare[];
  /** Where the method could not be applied as it was asked for, in sentences. */
  readonly notes: readonly string[];
}

/** Counts what an adapter trains, from the model's own graphs. */
export function countParameters(adapter: Adapter, denominators: readonly Denominator[]): ParameterCount {
  const groups = { norms: 0, positions: 0, textAffine: 0, detail: 0, adapter: 0, weights: 0 };
  for (const { name, shape } of adapter.trainable) {
    const group = tensorGroup(name);
    if (group) groups[group] += sizeOf(shape);
  }
  const trainable = Object.values(groups).reduce((sum, count) => sum + count, 0);
  return {
    trainable,
    groups,
    layers: countLayers(adapter),
    shares: denominators.map((of) => ({ ...of, percent: (100 * trainable) / of.parameters })),
    notes: notesOn(adapter),
  };
}

/**
 * What percentages of a SAM refer to: its own parameters at an image size, and those with CLIP ViT-B/32 as published.
 * Neither counts what the method adds (text affine layer, adapters).
 */
export function samDenominators(config: SamConfig, imageSize: number): Denominator[] {
  const sam = expectedTensors({ ...config, imageSize })
    .filter(({ role }) => role !== 'frequencies')
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return [
    { name: `SAM alone at ${imageSize} px`, parameters: sam },
    {
      name: `SAM at ${imageSize} px with CLIP ViT-B/32, text and image`,
      parameters: sam + CLIP_VIT_B32_PARAMETERS,
    },
  ];
}

function countLayers({ layers }: Adapter): LayerCount[] {
  return LAYER_KINDS.flatMap((kind) => {
    const same = layers.filter((layer) => layer.kind === kind);
    const [first] = same;
    if (!first) return [];
    const { split } = first;
    const singularValues = split && { all: split.top + split.rest, top: split.top, rest: split.rest };
    return [{ kind, layers: same.length, ...(singularValues ? { singularValues } : {}) }];
  });
}

function notesOn({ method, layers }: Adapter): string[] {
  if (method.method !== 'salt') return [];
  return LAYER_KINDS.flatMap((kind) => {
    const split = layers.find((layer) => layer.kind === kind)?.split;
    if (!split || split.rest > 0) return [];
    return [
      `${kind}: rank ${saltRank(method, kind)} was asked for and a layer has ${split.top} singular values: all are scaled and shifted, and there is no low-rank part.`,
    ];
  });
}
