/** The text half of a CLIP, under the names of transformers' `CLIPModel` or of OpenAI's own (and open_clip's) modules. */
import type { Shape } from '../../graph/tensor.ts';
import { SaltError } from '../../protocol/errors.ts';
import type { CheckpointSource } from '../checkpoint/checkpoint-source.ts';
import type { Recognised } from './recognise.ts';

interface Names {
  readonly naming: string;
  readonly tokens: string;
  readonly positions: string;
  readonly projection: string;
  readonly block: RegExp;
  /** Tensors that are no part of the text half though their names start like it. */
  readonly belongs: (name: string) => boolean;
}

const HUGGING_FACE: Names = {
  naming: 'Hugging Face',
  tokens: 'text_model.embeddings.token_embedding.weight',
  positions: 'text_model.embeddings.position_embedding.weight',
  projection: 'text_projection.weight',
  block: /^text_model\.encoder\.layers\.(\d+)\./,
  // `position_ids` are the whole numbers from 0 on.
  belongs: (name) => /^text_(?:model|projection)\./.test(name) && !name.endsWith('.position_ids'),
};

const OPEN_AI: Names = {
  naming: 'OpenAI',
  tokens: 'token_embedding.weight',
  positions: 'positional_embedding',
  projection: 'text_projection',
  block: /^transformer\.resblocks\.(\d+)\./,
  belongs: (name) =>
    /^(?:token_embedding|positional_embedding|transformer|ln_final|text_projection)(?:\.|$)/.test(name),
};

/**
 * The text half, under the names it has; undefined where there is no such thing.
 * @throws SaltError `CHECKPOINT_MISMATCH` for a CLIP that lacks a part
 */
export function findClipText(
  source: CheckpointSource,
): Omit<Recognised, 'dtypes' | 'parameters' | 'leftOut'> | undefined {
  const present = new Set(source.names);
  const names = [HUGGING_FACE, OPEN_AI].find(({ tokens }) => present.has(tokens));
  if (!names) return undefined;
  const missing = [names.positions, names.projection].filter((name) => !present.has(name));
  const kept = source.names.filter(names.belongs);
  const blocks = new Set(kept.flatMap((name) => names.block.exec(name)?.[1] ?? []));
  if (missing.length > 0 || blocks.size === 0) {
    const lacks = [...missing, ...(blocks.size === 0 ? ['its transformer blocks'] : [])];
    throw new SaltError('CHECKPOINT_MISMATCH', `The checkpoint holds a CLIP without ${lacks.join(', ')}.`, {
      missing: lacks,
    });
  }
  const [words = 0, width = 0] = source.shape(names.tokens);
  const [length = 0] = source.shape(names.positions);
  const outputs = outputsOf(source.shape(names.projection), width, names);
  return {
    kind: 'clip-text',
    architecture: `CLIP text encoder, ${blocks.size} blocks of width ${width}, ${words} words, phrases of ${length}, embeddings of ${outputs}`,
    naming: names.naming,
    tensors: new Map(kept.map((name) => [name, name])),
    hashed: new Set(kept),
    metadata: source.metadata,
  };
}

/** transformers keeps [outputs, width], OpenAI [width, outputs]. */
function outputsOf([rows = 0, columns = 0]: Shape, width: number, { naming }: Names): number {
  return naming === 'OpenAI' && rows === width ? columns : rows;
}
