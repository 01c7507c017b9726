/** What a checkpoint holds, from names and shapes alone. */
import { sizeOf } from '../../graph/tensor.ts';
import type { CheckpointSource } from '../checkpoint/checkpoint-source.ts';
import type { StoredDType } from '../checkpoint/dtypes.ts';
import { planSam, samMetadata } from '../checkpoint/load-sam.ts';
import { SAM_VIT_B, SAM_VIT_H, SAM_VIT_L } from '../sam-config.ts';
import type { SamConfig } from '../sam-config.ts';
import { HUGGING_FACE } from '../text/clip/clip-layouts.ts';
import { hasClipText, planClipText } from '../text/clip/load-clip-text.ts';

export interface Recognised {
  readonly kind: 'sam' | 'clip-text';
  /** For people, e.g. `SAM ViT-B, 12 blocks of width 768, made for 1024 px`. */
  readonly architecture: string;
  /** Who named the tensors. */
  readonly naming: string;
  /** As they are stored, each type once. */
  readonly dtypes: readonly StoredDType[];
  /** Numbers in the tensors that are used. */
  readonly parameters: number;
  /** What is used: the name by which we know a tensor -> the checkpoint's name. */
  readonly tensors: ReadonlyMap<string, string>;
  /** Those of `tensors` whose numbers are the model's identity; see `PreparedIndex.weightsHash`. */
  readonly hashed: ReadonlySet<string>;
  /** Tensors that are not needed, such as CLIP's image encoder. */
  readonly leftOut: number;
  readonly metadata: Readonly<Record<string, string>>;
}

const SIZES: readonly (readonly [string, SamConfig])[] = [
  ['ViT-B', SAM_VIT_B],
  ['ViT-L', SAM_VIT_L],
  ['ViT-H', SAM_VIT_H],
];

/** @throws SaltError `CHECKPOINT_MISMATCH` when it is neither a SAM nor a CLIP, with what is missing of a SAM */
export function recognise(source: CheckpointSource): Recognised {
  const found = hasClipText(source.names) ? recogniseClip(source) : recogniseSam(source);
  const names = [...found.tensors.values()];
  return {
    ...found,
    dtypes: [...new Set(names.map((name) => source.dtype(name)))].sort(),
    parameters: names.reduce((sum, name) => sum + sizeOf(source.shape(name)), 0),
    leftOut: source.names.length - names.length,
  };
}

type Found = Omit<Recognised, 'dtypes' | 'parameters' | 'leftOut'>;

/** Its text half, under the names it has. */
function recogniseClip(source: CheckpointSource): Found {
  const { layout, prefix, config, tensors } = planClipText(source);
  const { layers, width, vocabulary, context, dimension } = config;
  const names = tensors.flatMap(({ from }) => from);
  return {
    kind: 'clip-text',
    architecture: `CLIP text encoder, ${layers} blocks of width ${width}, ${vocabulary} words, phrases of ${context}, embeddings of ${dimension}`,
    naming: layout === HUGGING_FACE ? 'Hugging Face' : 'OpenAI',
    tensors: new Map(names.map((name) => [name, prefix + name])),
    hashed: new Set(names),
    metadata: source.metadata,
  };
}

function recogniseSam(source: CheckpointSource): Found {
  const plan = planSam(source);
  const { config, detailConfig } = plan;
  const parts = [
    ...(plan.textAffine.size > 0 ? ['text affine layer'] : []),
    ...(detailConfig ? ['detail head'] : []),
    ...(plan.textEncoder.size > 0 ? ['text encoder'] : []),
  ];
  const blocks = `${config.depth} blocks of width ${config.embedDim}, made for ${config.imageSize} px`;
  const size = SIZES.find(([, known]) => sameEncoder(known, config))?.[0];
  return {
    kind: 'sam',
    architecture: [`SAM${size === undefined ? '' : ` ${size}`}, ${blocks}`, ...parts].join(', with a '),
    naming: plan.naming,
    tensors: new Map([...plan.sam, ...plan.textAffine, ...plan.detail, ...plan.textEncoder]),
    hashed: new Set(plan.sam.keys()),
    metadata: { ...source.metadata, ...samMetadata(config, detailConfig) },
  };
}

function sameEncoder(known: SamConfig, config: SamConfig): boolean {
  return (
    known.depth === config.depth && known.embedDim === config.embedDim && known.numHeads === config.numHeads
  );
}
