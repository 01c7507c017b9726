import { DETAIL_DEFAULTS } from './detail/index.ts';
import type { DetailConfig } from './detail/index.ts';
import { samConfigSchema } from './sam-config.ts';
import type { SamConfig } from './sam-config.ts';

/** The model that ships: SAM's architecture, small enough to be trained on a processor. */
export const SALT_TINY: SamConfig = Object.freeze(
  samConfigSchema.parse({
    depth: 6,
    embedDim: 192,
    numHeads: 6,
    imageSize: 512,
    patchSize: 16,
    stem: [48, 96, 192],
    windowSize: 8,
    globalAttnIndexes: [2, 5],
    outChans: 128,
    mlpRatio: 4,
    decoderMlpDim: 512,
    decoderNumHeads: 4,
    decoderDepth: 2,
    promptEmbedDim: 128,
    maskInChans: 16,
    numMultimaskOutputs: 3,
    iouHeadDepth: 3,
    iouHeadHiddenDim: 128,
    textDim: 512,
  }),
);

export const SALT_TINY_DETAIL: DetailConfig = DETAIL_DEFAULTS;
