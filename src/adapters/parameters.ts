import { sizeOf } from '../graph/tensor.ts';
import type { SamWeights } from '../model/checkpoint/load-sam.ts';
import { expectedTensors } from '../model/checkpoint/sam-tensors.ts';
import { expectedDetailTensors } from '../model/detail/index.ts';
import type { RunNote } from '../protocol/run-note.ts';
import type { AdaptedLayer, Adapter } from './adapter.ts';
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

/** The adapted layers of one kind whose singular values are shared out alike. */
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
  /** Where the method could not be applied as it was asked for. */
  readonly notes: readonly RunNote[];
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
 * What percentages of a SAM refer to: its own parameters at an image size, those of a detail head that it has among
 * them, and the same with CLIP ViT-B/32 as published. Neither counts what the method adds (text affine layer, adapters).
 */
export function samDenominators(
  { config, detail }: Pick<SamWeights, 'config' | 'detail'>,
  imageSize: number,
): Denominator[] {
  const own = expectedTensors({ ...config, imageSize }).filter(({ role }) => role !== 'frequencies');
  const head = detail ? expectedDetailTensors(config, detail.config) : [];
  const parameters = [...own, ...head].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const sam = detail ? 'SAM and its detail head' : 'SAM';
  return [
    { name: `${sam} alone at ${imageSize} px`, parameters },
    {
      name: `${sam} at ${imageSize} px with CLIP ViT-B/32, text and image`,
      parameters: parameters + CLIP_VIT_B32_PARAMETERS,
    },
  ];
}

function countLayers({ layers }: Adapter): LayerCount[] {
  return alike(layers).map(([{ kind, split }, count]) => ({
    kind,
    layers: count,
    ...(split && {
      singularValues: { all: split.top + split.rest, top: split.top, rest: split.rest },
    }),
  }));
}

function notesOn({ method, layers }: Adapter): RunNote[] {
  if (method.method !== 'salt') return [];
  return alike(layers).flatMap(([{ kind, split }, count]) => {
    if (!split || split.rest > 0) return [];
    return [
      {
        kind: 'no rest',
        layerKind: kind,
        layers: count,
        layersOfKind: layers.filter((layer) => layer.kind === kind).length,
        rank: saltRank(method, kind),
        singularValues: split.top,
      },
    ];
  });
}

/** A layer of each kind and way of sharing out singular values, with how many are like it; the kinds in their order. */
function alike(layers: readonly AdaptedLayer[]): [AdaptedLayer, number][] {
  const groups = new Map<string, [AdaptedLayer, number]>();
  for (const layer of LAYER_KINDS.flatMap((kind) => layers.filter((each) => each.kind === kind))) {
    const key = `${layer.kind} ${layer.split?.top} ${layer.split?.rest}`;
    groups.set(key, [layer, (groups.get(key)?.[1] ?? 0) + 1]);
  }
  return [...groups.values()];
}
