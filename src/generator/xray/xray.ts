import type { Mask } from '../../imaging/frame.ts';
import { createRandom } from '../../protocol/random.ts';
import type { Random } from '../../protocol/random.ts';
import { compressBlocks } from '../draw/compression.ts';
import { tubeAlong } from '../draw/curve.ts';
import { between, chance, logBetween, pick } from '../draw/draws.ts';
import { countPixels, keepWithin } from '../draw/masks.ts';
import { strokeMask } from '../draw/strokes.ts';
import type { GeneratedImage, Structure } from '../generated-image.ts';
import { drawCollimator } from './collimator.ts';
import { enhance, show } from './display.ts';
import type { Shown } from './display.ts';
import { expose, subtract } from './exposure.ts';
import type { Exposure } from './exposure.ts';
import { VARIED } from './look.ts';
import type { XrayLook } from './look.ts';
import { addOverlay } from './overlay.ts';
import { drawScene } from './scene.ts';
import type { Scene } from './scene.ts';
import { LEAST_GREY_LEVELS, visiblePieces } from './visibility.ts';

/**
 * A drawn X-ray image with contrast in its vessels: an angiogram as the detector sees it, or a subtraction in which
 * what lay still before the contrast came is taken away. Vessels grow by Murray's law on a ball, contrast weakens the
 * beam by Beer and Lambert's law, quanta are counted with noise, and the machine processes what it shows.
 *
 * Masks: `vessel`, `artery` and `vein` are the vessels whose contrast can be seen; `catheter` the catheters, which
 * wires and leads are not; `bone` ribs, spine and skull, which a subtraction does not show. All lie within the field
 * of view.
 * @param seed equal seeds give equal images
 * @param size side in pixels, 128 to 1024; calibres are 1 to 20 pixels at 512 and grow with it
 * @param look how widely images vary; for demonstrations there is a clearer one
 */
export function generateXray(
  seed: number,
  size: number,
  kind: 'angiogram' | 'subtraction',
  look: XrayLook = VARIED,
): GeneratedImage {
  const random = createRandom(seed);
  const region = pick(random, look.regions);
  const disturbed = (probability: number): boolean => chance(random, look.disturbance * probability);
  const subtracted = kind === 'subtraction';
  const scene = drawScene(random, look, region, size, subtracted);
  const collimator = drawCollimator(random, look, size);
  const exposure = subtracted
    ? subtract(random, look, scene, size)
    : expose(random, look, scene, collimator.blank ? null : collimator.passed, size);
  const flatness = region === 'phantom' || disturbed(0.25) ? between(random, 0.4, 1) : 0;
  const shown = show(random, enhance(random, exposure.signal, size, flatness), collimator.fieldOfView);
  const masks = truth(scene, exposure, shown, collimator.fieldOfView, subtracted);
  const pixels = shown.pixels.slice();
  if (disturbed(subtracted ? 0.15 : 0.03))
    for (let i = 0; i < pixels.length; i++) pixels[i] = 255 - (pixels[i] ?? 0);
  if (collimator.passed && (collimator.blank || subtracted)) blankOut(random, pixels, collimator.passed);
  addOverlay(random, look, pixels, size);
  if (disturbed(0.2)) compressBlocks(pixels, size, size, logBetween(random, 2, 14));
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.min(255, Math.max(0, Math.round(pixels[i] ?? 0)));
  return {
    kind,
    frame: {
      width: size,
      height: size,
      channels: 1,
      pixels,
      source: { file: `${kind}-${seed}`, frameNumber: 1 },
      intensity: 'drawn in 0..255',
    },
    fieldOfView: collimator.fieldOfView,
    masks,
  };
}

/** Beyond the aperture the machine shows one grey level, mostly black. */
function blankOut(random: Random, pixels: Float32Array, passed: Float32Array): void {
  const level = chance(random, 0.8)
    ? between(random, 0, 12)
    : chance(random, 0.5)
      ? between(random, 12, 90)
      : 255;
  for (let i = 0; i < pixels.length; i++) {
    const share = passed[i] ?? 1;
    if (share < 1) pixels[i] = share * (pixels[i] ?? 0) + (1 - share) * level;
  }
}

function truth(
  scene: Scene,
  exposure: Exposure,
  shown: Shown,
  field: Mask,
  subtracted: boolean,
): Map<Structure, Mask> {
  const { width: size } = field;
  const masks = new Map<Structure, Mask>();
  const keep = (mask: Mask, ...names: Structure[]): void => {
    keepWithin(mask, field);
    if (countPixels(mask) > 0) for (const name of names) masks.set(name, mask);
  };
  const vessels = scene.branches.flatMap((branch) =>
    visiblePieces(branch, scene.flowing, size, exposure, shown),
  );
  keep(strokeMask(vessels, size, size), 'vessel', 'artery', 'vein');
  const { catheter } = scene;
  if (catheter) {
    const tube = tubeAlong(catheter.points, catheter.radius);
    keep(
      strokeMask(visiblePieces(tube, catheter.attenuation, size, exposure, shown), size, size),
      'catheter',
    );
  }
  if (!subtracted && isSeen(scene.bone, scene.bones, exposure, shown)) keep(scene.bone, 'bone');
  return masks;
}

/** Whether a region's contrast is seen, on the whole. */
function isSeen(mask: Mask, attenuation: Float32Array, exposure: Exposure, shown: Shown): boolean {
  let [sum, count] = [0, 0];
  for (let i = 0; i < mask.data.length; i += 7) {
    if (mask.data[i] !== 1) continue;
    sum += shown.greyLevels(i, exposure.contrastOf(i, attenuation[i] ?? 0));
    count++;
  }
  return count > 0 && sum / count >= LEAST_GREY_LEVELS;
}
