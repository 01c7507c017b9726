import type { FloatTensor } from '../../graph/tensor.ts';
import { SaltError } from '../../protocol/errors.ts';
import type { SamConfig } from '../sam-config.ts';
import { imagePathConfigSchema, unetMultiple } from '../unet.ts';
import type { ImagePathConfig } from '../unet.ts';

/** The detail head is fixed by its image path; the rest follows from the SAM that it is joined to. */
export const detailConfigSchema = imagePathConfigSchema;
export type DetailConfig = ImagePathConfig;

/** A head with its weights, joined to some SAM. */
export interface DetailHead {
  readonly config: DetailConfig;
  /** `detail.*` */
  readonly weights: ReadonlyMap<string, FloatTensor>;
}

/** The head that ships: see `models/salt-tiny/README.md` for the measurements behind it. */
export const DETAIL_DEFAULTS: DetailConfig = Object.freeze({
  poolings: 3,
  features: 16,
  fold: 2,
  localContrast: true,
});

/**
 * The level of the image path whose grid is that of SAM's mask features: there they are joined.
 * @throws SaltError `INVALID_ARGUMENT` when it has none
 */
export function joinLevel(detail: DetailConfig, sam: SamConfig): number {
  const level = Math.log2(sam.patchSize / 4 / detail.fold);
  if (Number.isInteger(level) && level >= 0 && level < detail.poolings) return level;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `A detail head with fold ${detail.fold} and ${detail.poolings} poolings has no grid of ${sam.patchSize / 4} pixels, where SAM's mask features are.`,
  );
}

/** Of which the side of the square input is a multiple, in pixels. */
export function detailMultiple(detail: DetailConfig, sam: SamConfig): number {
  return Math.max(unetMultiple(detail), sam.patchSize);
}
