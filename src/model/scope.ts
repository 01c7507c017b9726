import { conv, linear } from '../graph/ops/index.ts';
import type { ConvOptions } from '../graph/ops/index.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor.ts';
import type { Shape, TensorSpec } from '../graph/tensor.ts';

/** A layer with a weight matrix, which an adapter may take over. */
export interface Layer {
  /** The full name, e.g. `image_encoder.blocks.3.attn.qkv`. */
  readonly name: string;
  readonly outFeatures: number;
  /** For a convolution: in channels x kernel height x kernel width. */
  readonly inFeatures: number;
  readonly bias: boolean;
  /** Present for convolutions. */
  readonly conv?: ConvOptions & { readonly inChannels: number; readonly kernel: number };
}

/** What an adapter sees of the graph while it computes one layer. */
export interface LayerScope {
  readonly graph: Graph;
  /** A tensor by its name below the layer, e.g. `weight`, `bias`, `salt.alpha`. */
  tensor(name: string, shape: Shape): Value;
  /** Adds a scalar to the regulariser of the training loss. */
  penalise(term: Value): void;
}

/** Computes a layer's output from its input: tokens [..., in] or, for a convolution, [N, C, H, W]. */
export type LayerRule = (scope: LayerScope, layer: Layer, x: Value) => Value;

/** Which layers are computed by another rule than `W x + b`. */
export type Adaptation = (layer: Layer) => LayerRule | undefined;

/** Where the values of a stage's tensors come from: graph inputs, or slices of a vector of parameters. */
export type TensorResolver = (spec: TensorSpec) => Value;

/** Names, weights and adapters, as a model sees them while it builds its graph. */
export class Scope {
  readonly graph: Graph;
  readonly #resolve: TensorResolver;
  readonly #adaptation: Adaptation;
  readonly #penalties: Value[];
  readonly #prefix: string;

  constructor(
    graph: Graph,
    resolve: TensorResolver,
    adaptation: Adaptation = () => undefined,
    prefix = '',
    penalties: Value[] = [],
  ) {
    this.graph = graph;
    this.#resolve = resolve;
    this.#adaptation = adaptation;
    this.#prefix = prefix;
    this.#penalties = penalties;
  }

  /** Scalars that adapted layers added to the training loss. */
  get penalties(): readonly Value[] {
    return this.#penalties;
  }

  within(prefix: string): Scope {
    return new Scope(
      this.graph,
      this.#resolve,
      this.#adaptation,
      `${this.#prefix}${prefix}.`,
      this.#penalties,
    );
  }

  /** A weight by its name in this scope. */
  tensor(name: string, shape: Shape): Value {
    return this.#resolve({ name: `${this.#prefix}${name}`, shape });
  }

  /** W x + b over the last axis. */
  linear(name: string, x: Value, outFeatures: number, options: { readonly bias?: boolean } = {}): Value {
    const layer = {
      name: `${this.#prefix}${name}`,
      outFeatures,
      inFeatures: x.shape[x.shape.length - 1] ?? 0,
      bias: options.bias ?? true,
    };
    return this.#apply(name, layer, x);
  }

  /** A convolution with a square kernel. x [N, C, H, W] */
  conv(
    name: string,
    x: Value,
    outChannels: number,
    kernel: number,
    options: ConvOptions & { readonly bias?: boolean } = {},
  ): Value {
    const { bias = true, ...geometry } = options;
    const inChannels = x.shape[1] ?? 0;
    const layer = {
      name: `${this.#prefix}${name}`,
      outFeatures: outChannels,
      inFeatures: inChannels * kernel * kernel,
      bias,
      conv: { ...geometry, inChannels, kernel },
    };
    return this.#apply(name, layer, x);
  }

  #apply(name: string, layer: Layer, x: Value): Value {
    const rule = this.#adaptation(layer) ?? plainLayer;
    const scope: LayerScope = {
      graph: this.graph,
      tensor: (part, shape) => this.tensor(`${name}.${part}`, shape),
      penalise: (term) => {
        this.#penalties.push(term);
      },
    };
    return rule(scope, layer, x);
  }
}

/** The layer as the checkpoint has it. */
export const plainLayer: LayerRule = (scope, layer, x) => {
  const bias = layer.bias ? scope.tensor('bias', [layer.outFeatures]) : undefined;
  return applyWeight(layer, x, scope.tensor('weight', weightShape(layer)), bias);
};

/** PyTorch's shape of a layer's weight: [out, in], or [out, in, k, k] for a convolution. */
export function weightShape(layer: Layer): number[] {
  return layer.conv
    ? [layer.outFeatures, layer.conv.inChannels, layer.conv.kernel, layer.conv.kernel]
    : [layer.outFeatures, layer.inFeatures];
}

/** The layer's output for a weight of `weightShape`. */
function applyWeight(layer: Layer, x: Value, weight: Value, bias: Value | undefined): Value {
  if (sizeOf(weight.shape) === 0) throw new RangeError(`Layer ${layer.name} has an empty weight.`);
  return layer.conv ? conv(x, weight, layer.conv, bias) : linear(x, weight, bias);
}
