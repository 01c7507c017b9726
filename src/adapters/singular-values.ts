/**
 * SALT and S-SAM as a layer rule. With the thin SVD W = U diag(s) V^T of the frozen weight (a convolution as
 * out x (in kh kw)), the adapted weight is U ReLU(core) V^T, where core is block-diagonal: the top r singular
 * values become alpha s + beta, the others diag(s) + X Y (arXiv 2503.16055, section 3).
 *
 * The layer is computed in this factored form, y = U (ReLU(core) (V^T x)), not from a composed weight: the
 * gradients of alpha and beta are then reductions over tokens, that of X Y is r' x r', and no gradient of the
 * size of W is ever formed.
 */
import { ops } from '../graph/index.ts';
import type { Value } from '../graph/graph.ts';
import { weightShape } from '../model/scope.ts';
import type { Layer, LayerRule, LayerScope } from '../model/scope.ts';

/** How a layer's k = min(out, in) singular values are shared out. */
export interface SingularSplit {
  /** r: the first r are scaled and shifted, 0 to k. */
  readonly top: number;
  /** r' = k - r: the others are updated by X Y. */
  readonly rest: number;
  /** d: X is r' x d, Y is d x r'. */
  readonly loraRank: number;
}

/** @param rank at most all values go on top */
export function splitSingularValues(layer: Layer, rank: number, loraRank: number): SingularSplit {
  const values = Math.min(layer.outFeatures, layer.inFeatures);
  const top = Math.min(rank, values);
  return { top, rest: values - top, loraRank };
}

/** y = U (ReLU(core) (V^T x)) + b; adds ||alpha s + beta - s|| + ||X Y|| to the regulariser. */
export function singularValueRule(split: SingularSplit): LayerRule {
  return (scope, layer, x) => {
    const { u, vt, core } = readFactors(scope, layer, split);
    const bias = layer.bias ? scope.tensor('bias', [layer.outFeatures]) : undefined;
    if (layer.conv) {
      const h = throughCore(ops.conv(x, vt, layer.conv), core, (part, block) =>
        'diagonal' in block
          ? ops.mul(part, ops.reshape(block.diagonal, [-1, 1, 1]))
          : ops.conv(part, asKernel(block.dense)),
      );
      return ops.conv(h, asKernel(u), {}, bias);
    }
    const tokens = ops.reshape(x, [-1, layer.inFeatures]);
    const h = throughCore(ops.gemm(tokens, vt, { b: true }), core, (part, block) =>
      'diagonal' in block ? ops.mul(part, block.diagonal) : ops.gemm(part, block.dense, { b: true }),
    );
    return ops.reshape(ops.gemm(h, u, { b: true }, bias), [...x.shape.slice(0, -1), layer.outFeatures]);
  };
}

/** The adapted weight itself, of the layer's `weightShape`, for merging. Reads the same tensors as the rule. */
export function composeSingularValues(scope: LayerScope, layer: Layer, split: SingularSplit): Value {
  const { u, vt, core } = readFactors(scope, layer, split);
  const columns = throughCore(u, core, (part, block) =>
    'diagonal' in block ? ops.mul(part, block.diagonal) : ops.gemm(part, block.dense),
  );
  return ops.reshape(ops.gemm(columns, ops.reshape(vt, [-1, layer.inFeatures])), weightShape(layer));
}

/** A block of ReLU(core): [r] on the diagonal, or dense [r', r']. */
type CoreBlock = { readonly diagonal: Value } | { readonly dense: Value };

interface Factors {
  /** [out, k] */
  readonly u: Value;
  /** [k, in], or [k, in channels, kernel, kernel] */
  readonly vt: Value;
  /** One block or two; together k wide. */
  readonly core: readonly CoreBlock[];
}

function readFactors(scope: LayerScope, layer: Layer, { top, rest, loraRank }: SingularSplit): Factors {
  const values = top + rest;
  const u = scope.tensor('salt.U', [layer.outFeatures, values]);
  const vt = scope.tensor('salt.Vt', [values, ...weightShape(layer).slice(1)]);
  const s = scope.tensor('salt.s', [values]);
  const core: CoreBlock[] = [];
  if (top > 0) core.push(scaleAndShift(scope, ops.slice(s, [{ axis: 0, start: 0, end: top }]), top));
  if (rest > 0) core.push(lowRank(scope, ops.slice(s, [{ axis: 0, start: top }]), rest, loraRank));
  return { u, vt, core };
}

function scaleAndShift(scope: LayerScope, s: Value, top: number): CoreBlock {
  const alpha = scope.tensor('salt.alpha', [top]);
  const beta = scope.tensor('salt.beta', [top]);
  const changed = ops.add(ops.mul(alpha, s), beta);
  scope.penalise(ops.norm(ops.sub(changed, s)));
  return { diagonal: ops.relu(changed) };
}

/** The ReLU is over the whole block: it also clips what X Y puts beside the diagonal. */
function lowRank(scope: LayerScope, s: Value, rest: number, loraRank: number): CoreBlock {
  const x = scope.tensor('salt.X', [rest, loraRank]);
  const y = scope.tensor('salt.Y', [loraRank, rest]);
  const update = ops.gemm(x, y);
  scope.penalise(ops.norm(update));
  return { dense: ops.relu(ops.add(update, diagonalMatrix(s))) };
}

/** From two short vectors rather than an identity matrix, which the model would have to carry for each layer. */
function diagonalMatrix(diagonal: Value): Value {
  const { graph } = diagonal;
  const [n = 0] = diagonal.shape;
  const indices = Float32Array.from({ length: n }, (_, i) => i);
  const onDiagonal = ops.equal(graph.constant(indices, [n, 1]), graph.constant(indices, [1, n]));
  return ops.where(onDiagonal, ops.reshape(diagonal, [1, n]), 0);
}

/** Cuts axis 1 of h into the blocks of the core and puts the products together again. */
function throughCore(
  h: Value,
  core: readonly CoreBlock[],
  product: (part: Value, block: CoreBlock) => Value,
): Value {
  const sizes = core.map((block) => ('diagonal' in block ? block.diagonal : block.dense).shape[0] ?? 0);
  const parts = ops.split(h, sizes, 1);
  return ops.concat(
    core.flatMap((block, i) => {
      const part = parts[i];
      return part ? [product(part, block)] : [];
    }),
    1,
  );
}

/** A matrix as the weight of a 1 x 1 convolution. */
function asKernel(matrix: Value): Value {
  return ops.reshape(matrix, [...matrix.shape, 1, 1]);
}
