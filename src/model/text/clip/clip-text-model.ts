/** CLIP's text transformer (Radford et al., Learning transferable visual models, 2021, section 2.4). */
import * as ops from '../../../graph/ops/index.ts';
import type { Graph, Value } from '../../../graph/graph.ts';
import type { Scope } from '../../scope.ts';
import type { ClipActivation, ClipTextConfig } from './clip-config.ts';

const EPSILON = 1e-5;
/** Added to the scores of later tokens. Not -Inf, which some devices' softmax turns into NaN. */
const MASKED = -1e9;

/**
 * @param rows each token's embedding plus that of its place, [context, width]
 * @param end one at the end-of-text token, else zero, [1, context]
 * @returns [1, dimension], of any length
 */
export function clipText(scope: Scope, config: ClipTextConfig, rows: Value, end: Value): Value {
  const mask = causalMask(scope.graph, config.context);
  let x = rows;
  for (let i = 0; i < config.layers; i++) x = block(scope.within(`blocks.${i}`), config, x, mask);
  const last = ops.matmul(end, norm(scope, 'final_norm', x));
  return scope.linear('projection', last, config.dimension, { bias: false });
}

function block(scope: Scope, config: ClipTextConfig, x: Value, mask: Value): Value {
  const attended = ops.add(x, attention(scope, config, norm(scope, 'norm1', x), mask));
  const inner = scope.linear('fc1', norm(scope, 'norm2', attended), config.hidden);
  return ops.add(attended, scope.linear('fc2', activate(inner, config.activation), config.width));
}

function attention(scope: Scope, { width, heads, context }: ClipTextConfig, x: Value, mask: Value): Value {
  const depth = width / heads;
  const qkv = ops.reshape(scope.linear('qkv', x, 3 * width), [context, 3, heads, depth]);
  const [q, k, v] = ops
    .split(ops.transpose(qkv, [1, 2, 0, 3]), [1, 1, 1], 0)
    .map((part) => ops.reshape(part, [heads, context, depth])) as [Value, Value, Value];
  const scores = ops.matmul(ops.mul(q, 1 / Math.sqrt(depth)), ops.transposeLast(k));
  const mixed = ops.matmul(ops.softmax(ops.add(scores, mask)), v);
  return scope.linear('proj', ops.reshape(ops.transpose(mixed, [1, 0, 2]), [context, width]), width);
}

function norm(scope: Scope, name: string, x: Value): Value {
  const channels = [x.shape[x.shape.length - 1] ?? 0];
  const layer = scope.within(name);
  return ops.layerNorm(x, layer.tensor('weight', channels), layer.tensor('bias', channels), EPSILON);
}

function activate(x: Value, activation: ClipActivation): Value {
  return activation === 'gelu' ? ops.gelu(x) : ops.mul(x, ops.sigmoid(ops.mul(x, 1.702)));
}

/** A token sees itself and those before it. */
function causalMask(graph: Graph, context: number): Value {
  const mask = Float32Array.from({ length: context * context }, (_, i) =>
    i % context > Math.floor(i / context) ? MASKED : 0,
  );
  return graph.constant(mask, [context, context]);
}
