/** What must be known of a CLIP text encoder beside its tensors. */
import { z } from 'zod';
import { SaltError } from '../../../protocol/errors.ts';

/** `quick_gelu` is x sigmoid(1.702 x), with which OpenAI trained; LAION trained with the exact GELU. */
export const CLIP_ACTIVATIONS = ['quick_gelu', 'gelu'] as const;

export type ClipActivation = (typeof CLIP_ACTIVATIONS)[number];

export interface ClipTextConfig {
  /** Numbers of a token. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Of the two layers after each attention. */
  readonly hidden: number;
  /** Tokens of a phrase, start and end included. */
  readonly context: number;
  readonly vocabulary: number;
  /** Numbers of an embedding. */
  readonly dimension: number;
  readonly activation: ClipActivation;
}

const activation = z.enum(CLIP_ACTIVATIONS);

/** `config.json` of transformers' CLIPModel and of its CLIPTextModel. What is not written is OpenAI's. */
const huggingFace = z.union([
  z.object({ model_type: z.literal('clip'), text_config: z.object({ hidden_act: activation.optional() }) }),
  z.object({ model_type: z.literal('clip_text_model'), hidden_act: activation.optional() }),
]);
/** `open_clip_config.json`. */
const openClip = z.object({ model_cfg: z.object({ quick_gelu: z.boolean().optional() }) });

/**
 * The activation that a `config.json` of transformers or an `open_clip_config.json` names: the tensors do not show it,
 * and the wrong one gives wrong embeddings without any error.
 * @param json parsed
 * @throws SaltError `CHECKPOINT_INVALID` when it describes no CLIP
 */
export function clipActivation(json: unknown): ClipActivation {
  const transformers = huggingFace.safeParse(json);
  if (transformers.success) {
    const config = transformers.data;
    const stated = config.model_type === 'clip' ? config.text_config.hidden_act : config.hidden_act;
    return stated ?? 'quick_gelu';
  }
  const laion = openClip.safeParse(json);
  if (laion.success) return laion.data.model_cfg.quick_gelu === true ? 'quick_gelu' : 'gelu';
  throw new SaltError(
    'CHECKPOINT_INVALID',
    "The configuration describes no CLIP: expected transformers' config.json or open_clip_config.json.",
  );
}
