import { SAM_VIT_B, SAM_VIT_H, SAM_VIT_L, samConfigSchema } from '../../model/sam-config.ts';
import type { SamConfig } from '../../model/sam-config.ts';

const SMALL: SamConfig = samConfigSchema.parse({
  depth: 6,
  embedDim: 192,
  numHeads: 6,
  imageSize: 512,
  patchSize: 16,
  windowSize: 14,
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
  textDim: 128,
});

const TINY: SamConfig = samConfigSchema.parse({
  ...SMALL,
  depth: 2,
  embedDim: 32,
  numHeads: 2,
  imageSize: 64,
  patchSize: 8,
  windowSize: 3,
  globalAttnIndexes: [1],
  outChans: 32,
  decoderMlpDim: 64,
  decoderNumHeads: 2,
  promptEmbedDim: 32,
  maskInChans: 8,
  iouHeadHiddenDim: 32,
  textDim: 32,
});

/**
 * SAMs with random weights, always the same ones: for trying a run, for measuring speed and memory, and for counting
 * parameters. They have never seen an image.
 */
export const RANDOM_SAMS: ReadonlyMap<string, SamConfig> = new Map([
  ['random:tiny', TINY],
  ['random:small', SMALL],
  ['random:b', SAM_VIT_B],
  ['random:l', SAM_VIT_L],
  ['random:h', SAM_VIT_H],
]);
