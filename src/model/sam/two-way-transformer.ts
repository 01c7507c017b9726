import * as ops from '../../graph/ops/index.ts';
import type { Value } from '../../graph/graph.ts';
import type { SamConfig } from '../sam-config.ts';
import type { Scope } from '../scope.ts';
import { DECODER_EPSILON, mlp, norm } from './layers.ts';

interface TwoWayState {
  /** [B, tokens, C] */
  readonly tokens: Value;
  /** [B, side^2, C] */
  readonly image: Value;
}

/**
 * Prompt tokens and image attend to each other in turn (Segment Anything, appendix A, "Lightweight mask decoder").
 * @param start tokens before any attention, which also serve as their positions, and the prompted image embedding
 * @param positions [side^2, C], of the image's tokens
 */
export function twoWayTransformer(
  scope: Scope,
  config: SamConfig,
  start: TwoWayState,
  positions: Value,
): TwoWayState {
  let state = start;
  for (let i = 0; i < config.decoderDepth; i++) {
    state = twoWayBlock(scope.within(`layers.${i}`), config, state, start.tokens, positions, i === 0);
  }
  const query = ops.add(state.tokens, start.tokens);
  const key = ops.add(state.image, positions);
  const attended = attend(scope.within('final_attn_token_to_image'), config, 2, query, key, state.image);
  const tokens = norm(scope, 'norm_final_attn', ops.add(state.tokens, attended), DECODER_EPSILON);
  return { tokens, image: state.image };
}

function twoWayBlock(
  scope: Scope,
  config: SamConfig,
  { tokens, image }: TwoWayState,
  tokenPositions: Value,
  imagePositions: Value,
  first: boolean,
): TwoWayState {
  const normed = (index: number, x: Value): Value => norm(scope, `norm${index}`, x, DECODER_EPSILON);

  const own = scope.within('self_attn');
  // The first layer's tokens are nothing but positions: they replace themselves, without positions or residual.
  const located = first ? tokens : ops.add(tokens, tokenPositions);
  const among = attend(own, config, 1, located, located, tokens);
  const seen = normed(1, first ? among : ops.add(tokens, among));

  const key = ops.add(image, imagePositions);
  const query = ops.add(seen, tokenPositions);
  const read = attend(scope.within('cross_attn_token_to_image'), config, 2, query, key, image);
  const informed = normed(2, ops.add(seen, read));

  const refined = normed(
    3,
    ops.add(informed, mlp(scope.within('mlp'), informed, config.decoderMlpDim, 'relu')),
  );

  const back = ops.add(refined, tokenPositions);
  const written = attend(scope.within('cross_attn_image_to_token'), config, 2, key, back, refined);
  return { tokens: refined, image: normed(4, ops.add(image, written)) };
}

/** Multi-head attention of [B, n, C] to [B, m, C], at an inner width of C / `downsampling`. */
function attend(scope: Scope, config: SamConfig, downsampling: number, q: Value, k: Value, v: Value): Value {
  const [batch = 0, queries = 0, channels = 0] = q.shape;
  const width = channels / downsampling;
  const heads = config.decoderNumHeads;
  const depth = width / heads;
  const separate = (name: string, x: Value, scale = 1): Value => {
    const y = scope.linear(name, x, width);
    const parts = ops.reshape(scale === 1 ? y : ops.mul(y, scale), [batch, -1, heads, depth]);
    return ops.transpose(parts, [0, 2, 1, 3]);
  };
  const attended = ops.attention(
    separate('q_proj', q, 1 / Math.sqrt(depth)),
    separate('k_proj', k),
    separate('v_proj', v),
  );
  const joined = ops.reshape(ops.transpose(attended, [0, 2, 1, 3]), [batch, queries, width]);
  return scope.linear('out_proj', joined, channels);
}
