import { SALT_TINY } from '../../model/salt-tiny.ts';
import { SAM_VIT_B, SAM_VIT_H, SAM_VIT_L, samConfigSchema } from '../../model/sam-config.ts';
import type { SamConfig } from '../../model/sam-config.ts';

/** As large as the model that ships, built as the published ones are. */
const SMALL: SamConfig = samConfigSchema.parse({
  ...SALT_TINY,
  stem: undefined,
  windowSize: SAM_VIT_B.windowSize,
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
