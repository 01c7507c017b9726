import type { Value } from '../graph/graph.ts';
import type { TensorSpec } from '../graph/tensor.ts';
import type { Layer, LayerRule, LayerScope } from '../model/scope.ts';
import type { Stage } from '../model/segmentation-model.ts';
import { localSpecs } from '../model/stage-specs.ts';
import { SaltError } from '../protocol/errors.ts';
import { blockIndex, isPatchEmbedding, layerKind } from './layer-kinds.ts';
import type { LayerKind } from './layer-kinds.ts';
import { composeLowRank, lowRankRule } from './low-rank.ts';
import { adaptedKinds, saltRank } from './method-config.ts';
import type { MethodConfig } from './method-config.ts';
import { composeSingularValues, singularValueRule, splitSingularValues } from './singular-values.ts';
import type { SingularSplit } from './singular-values.ts';
import { stageTensors } from './stage-tensors.ts';
import type { StageAdapter } from './stage-tensors.ts';
import { tensorGroup } from './trained-tensors.ts';

/** A layer that the method computes in its own way. */
export interface AdaptedLayer {
  /** The layer's name in the checkpoint. */
  readonly name: string;
  readonly kind: LayerKind;
  /** Its geometry; `layer.name` is the name within the stage. */
  readonly layer: Layer;
  /** How its singular values are shared out; undefined for LoRA. */
  readonly split: SingularSplit | undefined;
  readonly rule: LayerRule;
  /** The adapted weight, of the layer's `weightShape`, as a graph over the tensors that the rule reads. */
  readonly compose: (scope: LayerScope, layer: Layer) => Value;
}

/** A method applied to a model: which layers are adapted and which tensors are trained. */
export interface Adapter extends StageAdapter {
  readonly method: MethodConfig;
  /** In the order of the model. */
  readonly layers: readonly AdaptedLayer[];
  /** Everything that is trained, by its name in the checkpoint. */
  readonly trainable: readonly TensorSpec[];
  /** Everything that is only read, likewise. */
  readonly frozen: readonly TensorSpec[];
  /** What of it the method trained once: adapter files from then hold it. */
  readonly trainedOnce: readonly TensorSpec[];
}

/**
 * @param stages of the model (see `allStages`); batch and image size do not matter to which layers are adapted
 * @throws SaltError `INVALID_ARGUMENT` when the method finds nothing to adapt or to train in this model
 */
export function createAdapter(method: MethodConfig, stages: readonly Stage[]): Adapter {
  const found = stages.flatMap((stage) => layersOf(stage));
  const trainsBlock = blockSelection(
    method,
    found.map(({ name }) => name),
  );
  const kinds = adaptedKinds(method);
  const layers = found.flatMap(({ name, layer }) => {
    const kind = layerKind(name);
    if (!kind || !kinds.includes(kind) || !trainsBlock(name)) return [];
    const treatment = treat(method, kind, layer);
    return treatment ? [{ name, kind, layer, ...treatment }] : [];
  });
  if (kinds.length > 0 && layers.length === 0) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `The method "${method.method}" finds none of its layers (${kinds.join(', ')}) in this model: it adapts SAM's image encoder. A U-Net trains with "full".`,
    );
  }

  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const adapter: StageAdapter = {
    adaptationFor: (stage) => (layer) => byName.get(stage.prefix + layer.name)?.rule,
    isTrainable: (name) => trains(method, name) && trainsBlock(name),
  };
  const tensors = stages.map((stage) => ({ stage, ...stageTensors(stage, adapter) }));
  const trainable = tensors.flatMap(({ stage, trainable: specs }) => global(stage, specs));
  if (trainable.length === 0) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `The method "${method.method}" finds nothing to train in this model.`,
    );
  }
  const frozen = tensors.flatMap(({ stage, frozen: specs }) => global(stage, specs));
  return {
    ...adapter,
    method,
    layers,
    trainable,
    frozen,
    trainedOnce: frozen.filter(({ name }) => trains(method, name) && isPatchEmbedding(name)),
  };
}

function global(stage: Stage, specs: readonly TensorSpec[]): TensorSpec[] {
  return specs.map(({ name, shape }) => ({ name: stage.prefix + name, shape }));
}

interface FoundLayer {
  readonly name: string;
  readonly layer: Layer;
}

/** Builds the stage on paper to see which layers it has. */
function layersOf(stage: Stage): FoundLayer[] {
  const found: FoundLayer[] = [];
  localSpecs(stage, (layer) => {
    found.push({ name: stage.prefix + layer.name, layer });
    return undefined;
  });
  return found;
}

/** Whether a layer or tensor may be trained as far as `lastBlocks` goes. */
function blockSelection(method: MethodConfig, layerNames: readonly string[]): (name: string) => boolean {
  const lastBlocks = 'lastBlocks' in method ? method.lastBlocks : undefined;
  if (lastBlocks === undefined) return () => true;
  const depth = 1 + layerNames.reduce((last, name) => Math.max(last, blockIndex(name) ?? -1), -1);
  if (lastBlocks > depth) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `The last ${lastBlocks} blocks were asked for, but the image encoder has ${depth}.`,
    );
  }
  const first = depth - lastBlocks;
  const isBelow = (name: string): boolean => tensorGroup(name) === 'positions' || isPatchEmbedding(name);
  return (name) => !isBelow(name) && (blockIndex(name) ?? first) >= first;
}

function trains({ method }: MethodConfig, name: string): boolean {
  const group = tensorGroup(name);
  if (method === 'head') return group === 'detail' || group === 'textAffine';
  return group !== undefined && (group !== 'weights' || method === 'full');
}

type Treatment = Pick<AdaptedLayer, 'split' | 'rule' | 'compose'>;

function treat(method: MethodConfig, kind: LayerKind, layer: Layer): Treatment | undefined {
  switch (method.method) {
    case 'salt':
      return bySingularValues(splitSingularValues(layer, saltRank(method, kind), method.loraRank));
    case 'ssam':
      return bySingularValues(splitSingularValues(layer, Infinity, 0));
    case 'lora': {
      const update = { rank: method.rank, scale: (method.alpha ?? method.rank) / method.rank };
      return {
        split: undefined,
        rule: lowRankRule(update),
        compose: (scope, of) => composeLowRank(scope, of, update),
      };
    }
    case 'norm':
    case 'head':
    case 'full':
      return undefined;
  }
}

function bySingularValues(split: SingularSplit): Treatment {
  return {
    split,
    rule: singularValueRule(split),
    compose: (scope, of) => composeSingularValues(scope, of, split),
  };
}
