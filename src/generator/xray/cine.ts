import type { Mask } from '../../imaging/frame.ts';
import { createRandom } from '../../protocol/random.ts';
import { tubeAlong } from '../draw/curve.ts';
import { between } from '../draw/draws.ts';
import { countPixels } from '../draw/masks.ts';
import { strokeMask } from '../draw/strokes.ts';
import type { GeneratedImage, Structure } from '../generated-image.ts';
import { injectContrast } from './bolus.ts';
import { drawChest } from './chest.ts';
import { DEMO_RUN } from './cine-look.ts';
import type { CineLook } from './cine-look.ts';
import { contrastThickness } from './contrast.ts';
import type { FilledPiece } from './contrast.ts';
import {
  addOverflow,
  catheterAttenuation,
  drawStain,
  fillCoronary,
  layCatheter,
  moveCatheter,
} from './contrast-run.ts';
import { growCoronary } from './coronary.ts';
import { openFluoroscope } from './fluoroscope.ts';
import type { Shot } from './fluoroscope.ts';
import { sampleMapped } from './layers.ts';
import { heartMap, poseAt } from './motion.ts';
import type { MotionOptions } from './motion.ts';
import { visiblePieces } from './visibility.ts';

/** The images of one injection, in order. */
export interface GeneratedRun {
  readonly frames: readonly GeneratedImage[];
}

/** A piece with less contrast than this share has not been reached yet. */
const REACHED = 0.15;
/** Share of the stain's contrast of that in the vessels over it. */
const STAIN = 0.1;

/**
 * A drawn coronary angiogram: contrast comes out of the catheter, fills one artery from its mouth outwards and is washed
 * out at the end, while the heart beats and the chest breathes. The noise is fresh in each image; the machine's settings
 * are those of the whole run.
 *
 * Masks of each image: `vessel`, `artery` and `vein` are what is filled and can be seen by then, and are missing before
 * the contrast comes; `catheter` is there throughout.
 * @param seed equal seeds give equal runs
 * @param size side in pixels, 128 to 1024
 * @param frames how many images, from 1; the injection is drawn out over all of them
 */
export function generateRun(
  seed: number,
  size: number,
  frames: number,
  look: CineLook = DEMO_RUN,
): GeneratedRun {
  const random = createRandom(seed);
  const coronary = growCoronary(random, look.view, size);
  const catheter = layCatheter(random, coronary, size);
  const bolus = injectContrast(random, coronary.longest, frames / look.frameRate);
  const motion: MotionOptions = {
    beats: look.heartRate / 60,
    phase: random.uniform(),
    breaths: between(random, 0.2, 0.26),
    breathPhase: random.uniform(),
    breathDepth: size * between(random, 0.014, 0.02),
  };
  const chest = drawChest(random, look, coronary.heart, size);
  const rest = { contraction: 0, breath: 0 };
  const fluoroscope = openFluoroscope(random, look, chest.attenuation(rest), size);
  const contrast = look.greatest / (2 * coronary.trunkRadius);
  const stain = drawStain(coronary, bolus, (0.65 * frames) / look.frameRate, size);

  const draw = (frame: number): GeneratedImage => {
    const seconds = frame / look.frameRate;
    const pose = poseAt(seconds, motion);
    const map = heartMap(coronary.heart, pose, size);
    const branches = fillCoronary(coronary, bolus, seconds, map);
    const flowing = contrastThickness(branches, size, size).map((thick) => contrast * thick);
    const points = moveCatheter(catheter, map, size);
    const lumen = 0.8 * contrast * bolus.inCatheter(seconds);
    const tube = catheterAttenuation(catheter, points, lumen, size);

    const attenuation = chest.attenuation(pose);
    for (let i = 0; i < attenuation.length; i++)
      attenuation[i] = (attenuation[i] ?? 0) + (flowing[i] ?? 0) + (tube[i] ?? 0);
    const faint = STAIN * contrast * bolus.stain(seconds);
    if (faint > 0) {
      const scaled = { ...stain, data: stain.data.map((value) => faint * value) };
      sampleMapped(scaled, map, attenuation, size);
    }
    const [tip] = points;
    const overflow = 0.45 * look.greatest * bolus.overflow(seconds);
    if (tip) addOverflow(attenuation, tip, coronary.root.heading, overflow, seconds, size);

    const shot = fluoroscope.shoot(attenuation);
    const masks = new Map<Structure, Mask>();
    const keep = (pieces: readonly FilledPiece[], ...names: Structure[]): void => {
      const mask = strokeMask(pieces, size, size);
      if (countPixels(mask) > 0) for (const name of names) masks.set(name, mask);
    };
    keep(seenVessels(branches, flowing, size, shot), 'vessel', 'artery', 'vein');
    // A reader follows a catheter through where it is hard to see.
    masks.set('catheter', strokeMask(tubeAlong(points, catheter.radius), size, size));
    return {
      kind: 'angiogram',
      frame: {
        width: size,
        height: size,
        channels: 1,
        pixels: shot.pixels,
        source: { file: `run-${seed}`, frameNumber: frame + 1 },
        intensity: 'drawn in 0..255',
      },
      fieldOfView: { width: size, height: size, data: new Uint8Array(size * size).fill(1) },
      masks,
    };
  };
  return { frames: Array.from({ length: frames }, (_, frame) => draw(frame)) };
}

function seenVessels(
  branches: readonly (readonly FilledPiece[])[],
  flowing: Float32Array,
  size: number,
  { exposure, shown }: Shot,
): FilledPiece[] {
  return branches.flatMap((branch) =>
    visiblePieces(branch, flowing, size, exposure, shown).filter(({ density }) => density >= REACHED),
  );
}
