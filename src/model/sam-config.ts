/**
 * The numbers that fix a SAM's architecture. Everything else about a model (the names and shapes of its
 * tensors, its graphs) follows from these.
 */
import { z } from 'zod';

const count = z.int().min(1).max(65_536);
/** Each layer has tensors of its own, which are listed before anything shows whether a file has them: SAM ViT-H has 32. */
const layerCount = z.int().min(1).max(256);

/** Side in pixels of what the first convolution of a stem sees as one. */
export const STEM_BLOCK = 4;

/** Facts about SAM's architecture as built by Meta's `build_sam.py`; sizes in tokens, channels or pixels. */
export const samConfigSchema = z
  .strictObject({
    /** Transformer blocks of the image encoder. */
    depth: layerCount,
    /** Token width of the image encoder. */
    embedDim: count,
    /** Attention heads of the image encoder; divides `embedDim`. */
    numHeads: count,
    /** Side in pixels of the input the position tables were made for; a multiple of `patchSize`. */
    imageSize: count,
    patchSize: count,
    /**
     * Widths of the convolutions that look at the image before it is cut into patches; absent in the published SAMs,
     * whose patch embedding is a single convolution. The first sees squares of 4 x 4 pixels of the image and of its local
     * contrast, each further one halves the grid, down to that of the patches. Small transformers learn faster with them (Xiao et al., Early
     * Convolutions Help Transformers See Better, 2021).
     */
    stem: z.array(count).min(1).max(8).readonly().optional(),
    /** Side in tokens of an attention window; 0 makes every block global. */
    windowSize: z.int().min(0).max(65_536),
    /** Blocks that attend globally whatever `windowSize` is. */
    globalAttnIndexes: z.array(z.int().min(0)).readonly(),
    /** Channels of the image embedding. */
    outChans: count,
    /** Hidden width of the encoder's MLP over `embedDim`. */
    mlpRatio: z.number().positive().max(64),
    decoderMlpDim: count,
    /** Attention heads of the mask decoder; divides `outChans / 2`. */
    decoderNumHeads: count,
    /** Two-way attention blocks of the mask decoder; 2 in every published SAM. */
    decoderDepth: layerCount,
    /** Width of prompt tokens; equals `outChans`. */
    promptEmbedDim: count,
    /** Channels of the mask prompt before its last projection; a multiple of 4. */
    maskInChans: count,
    /** Masks beside the single-mask output; the decoder has one more mask token than this. */
    numMultimaskOutputs: z.int().min(0).max(64),
    iouHeadDepth: layerCount,
    iouHeadHiddenDim: count,
    /** Width of the text embedding that the text affine layer takes; 512 for CLIP ViT-B/32. */
    textDim: count,
  })
  .superRefine((config, context) => {
    const demand = (holds: boolean, message: string): void => {
      if (!holds) context.addIssue({ code: 'custom', message });
    };
    demand(config.embedDim % config.numHeads === 0, 'numHeads must divide embedDim');
    demand(config.imageSize % config.patchSize === 0, 'imageSize must be a multiple of patchSize');
    demand(
      !config.stem || STEM_BLOCK * 2 ** (config.stem.length - 1) === config.patchSize,
      'stem must halve a grid of 4 x 4 pixels down to that of the patches',
    );
    demand(config.outChans % 8 === 0, 'outChans must be a multiple of 8');
    demand((config.outChans / 2) % config.decoderNumHeads === 0, 'decoderNumHeads must divide outChans / 2');
    demand(config.promptEmbedDim === config.outChans, 'promptEmbedDim must equal outChans');
    demand(config.maskInChans % 4 === 0, 'maskInChans must be a multiple of 4');
    demand(
      config.globalAttnIndexes.every((index) => index < config.depth),
      'globalAttnIndexes must lie below depth',
    );
  });

export type SamConfig = Readonly<z.infer<typeof samConfigSchema>>;

/** What the three published sizes have in common. */
const PUBLISHED = {
  imageSize: 1024,
  patchSize: 16,
  windowSize: 14,
  outChans: 256,
  mlpRatio: 4,
  decoderMlpDim: 2048,
  decoderNumHeads: 8,
  decoderDepth: 2,
  promptEmbedDim: 256,
  maskInChans: 16,
  numMultimaskOutputs: 3,
  iouHeadDepth: 3,
  iouHeadHiddenDim: 256,
  textDim: 512,
} as const;

export const SAM_VIT_B: SamConfig = Object.freeze({
  ...PUBLISHED,
  depth: 12,
  embedDim: 768,
  numHeads: 12,
  globalAttnIndexes: [2, 5, 8, 11],
});

export const SAM_VIT_L: SamConfig = Object.freeze({
  ...PUBLISHED,
  depth: 24,
  embedDim: 1024,
  numHeads: 16,
  globalAttnIndexes: [5, 11, 17, 23],
});

export const SAM_VIT_H: SamConfig = Object.freeze({
  ...PUBLISHED,
  depth: 32,
  embedDim: 1280,
  numHeads: 16,
  globalAttnIndexes: [7, 15, 23, 31],
});

/** Whether block `index` attends over the whole grid rather than within windows. */
export function isGlobalBlock(config: SamConfig, index: number): boolean {
  return config.windowSize === 0 || config.globalAttnIndexes.includes(index);
}

/** Hidden width of the encoder's MLP. Rounded, since a pruned model's ratio need not be exact in binary. */
export function mlpHiddenDim(config: SamConfig): number {
  return Math.round(config.embedDim * config.mlpRatio);
}
