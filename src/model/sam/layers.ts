import { gelu, layerNorm, relu, reshape, transpose } from '../../graph/ops/index.ts';
import type { Value } from '../../graph/graph.ts';
import type { Scope } from '../scope.ts';

/** Epsilons of Meta's modules: the encoder's nn.LayerNorm, every LayerNorm2d, and PyTorch's default elsewhere. */
export const ENCODER_EPSILON = 1e-6;
export const CHANNELS_EPSILON = 1e-6;
export const DECODER_EPSILON = 1e-5;

/** The layer norm `name` over the last axis. SAM's LayerNorm2d is the same when channels come last. */
export function norm(scope: Scope, name: string, x: Value, epsilon: number): Value {
  const channels = [x.shape[x.shape.length - 1] ?? 0];
  const layer = scope.within(name);
  return layerNorm(x, layer.tensor('weight', channels), layer.tensor('bias', channels), epsilon);
}

/** lin2(activation(lin1(x))) */
export function mlp(scope: Scope, x: Value, hidden: number, activation: 'gelu' | 'relu'): Value {
  const width = x.shape[x.shape.length - 1] ?? 0;
  const inner = scope.linear('lin1', x, hidden);
  return scope.linear('lin2', activation === 'gelu' ? gelu(inner) : relu(inner), width);
}

/** Linear layers `layers.0`, `layers.1`, ... with a ReLU between each two. */
export function reluChain(scope: Scope, x: Value, widths: readonly number[]): Value {
  return widths.reduce((y, width, i) => scope.linear(`layers.${i}`, i === 0 ? y : relu(y), width), x);
}

/** [N, C, H, W] -> [N, H, W, C] */
export const channelsLast = (x: Value): Value => transpose(x, [0, 2, 3, 1]);
/** [N, H, W, C] -> [N, C, H, W] */
export const channelsFirst = (x: Value): Value => transpose(x, [0, 3, 1, 2]);

/** Everything but the last axis in one. */
export function rowsOf(x: Value): Value {
  return reshape(x, [-1, x.shape[x.shape.length - 1] ?? 0]);
}
