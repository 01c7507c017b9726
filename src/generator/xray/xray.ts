import type { Mask } from '../../imaging/frame.ts';
import { createRandom } from '../../protocol/random.ts';
import type { Random } from '../../protocol/random.ts';
import { compressBlocks } from '../draw/compression.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import { gaussianBlur, smoothNoise } from '../draw/fields.ts';
import { addMask, countPixels, emptyMask, keepWithin } from '../draw/masks.ts';
import { normalField } from '../draw/noise.ts';
import { strokeMask } from '../draw/strokes.ts';
import type { GeneratedImage, Structure } from '../generated-image.ts';
import { drawRibs, drawSkull, drawSpine } from './bones.ts';
import { drawCatheter } from './catheter.ts';
import type { Catheter } from './catheter.ts';
import { drawCollimator } from './collimator.ts';
import { contrastThickness, fillVessels } from './contrast.ts';
import type { FilledPiece } from './contrast.ts';
import { addDevices } from './devices.ts';
import { enhance, window } from './display.ts';
import { addOverlay } from './overlay.ts';
import { drawRegion, growVessels } from './regions.ts';
import type { Region, Vessels } from './regions.ts';
import { drawTissue } from './tissue.ts';

/** Everything in the beam's way. */
interface Scene {
  /** Attenuation of what lies still: tissue, bones, devices. */
  readonly still: Float32Array;
  /** Attenuation of what has come with the contrast. */
  readonly flowing: Float32Array;
  readonly branches: readonly (readonly FilledPiece[])[];
  readonly bone: Mask;
  readonly catheter: Catheter | null;
  /** Attenuation of undiluted contrast, per pixel of depth. */
  readonly contrast: number;
  /** Attenuation of the widest filled vessel. */
  readonly greatest: number;
}

/**
 * A drawn X-ray image with contrast in its vessels: an angiogram as the detector sees it, or a subtraction in which
 * what lay still before the contrast came is taken away. Vessels grow by Murray's law on a ball, contrast weakens the
 * beam by Beer and Lambert's law, quanta are counted with noise, and the machine processes what it shows.
 *
 * Masks: `vessel`, `artery` and `vein` are the vessels whose contrast stands out of the noise; `catheter` the
 * catheters, which wires and leads are not; `bone` ribs, spine and skull, which a subtraction does not show. All lie
 * within the field of view.
 * @param seed equal seeds give equal images
 * @param size side in pixels, 128 to 1024; calibres are 1 to 20 pixels at 512 and grow with it
 */
export function generateXray(seed: number, size: number, kind: 'angiogram' | 'subtraction'): GeneratedImage {
  const random = createRandom(seed);
  const region = drawRegion(random);
  const subtracted = kind === 'subtraction';
  const scene = drawScene(random, region, size, subtracted);
  const collimator = drawCollimator(random, size);
  const { beam, noise } = subtracted
    ? subtract(random, scene, size)
    : expose(random, scene, collimator.blank ? null : collimator.passed, size);
  const blurred = gaussianBlur(beam, size, size, (size / 512) * logBetween(random, 0.35, 1.3));
  addGrain(random, blurred, noise, size);
  const flatness = region === 'phantom' || chance(random, 0.25) ? between(random, 0.4, 1) : 0;
  const shown = window(random, enhance(random, blurred, size, flatness), collimator.fieldOfView);
  if (chance(random, subtracted ? 0.15 : 0.03))
    for (let i = 0; i < shown.length; i++) shown[i] = 255 - (shown[i] ?? 0);
  if (collimator.passed && (collimator.blank || subtracted)) blankOut(random, shown, collimator.passed);
  addOverlay(random, shown, size);
  if (chance(random, 0.2)) compressBlocks(shown, size, size, logBetween(random, 2, 14));
  for (let i = 0; i < shown.length; i++) shown[i] = Math.min(255, Math.max(0, Math.round(shown[i] ?? 0)));
  return {
    kind,
    frame: {
      width: size,
      height: size,
      channels: 1,
      pixels: shown,
      source: { file: `${kind}-${seed}`, frameNumber: 1 },
      intensity: 'drawn in 0..255',
    },
    fieldOfView: collimator.fieldOfView,
    masks: truth(scene, noise, collimator.fieldOfView, subtracted),
  };
}

function drawScene(random: Random, region: Region, size: number, subtracted: boolean): Scene {
  const trees: Vessels[] = [growVessels(random, region, size)];
  if (chance(random, 0.18)) trees.push(growVessels(random, region, size));
  const still = drawTissue(random, region, size);
  const bone = drawBones(random, region, still, size);
  // Before the contrast arrives there is no vessel.
  const filled = chance(random, 0.9);
  const branches = filled ? trees.flatMap((tree) => fillVessels(random, tree)) : [];
  const greatest = logBetween(random, 0.15, 1.8);
  const widest = Math.max(1, ...trees.map(({ trunkRadius }) => trunkRadius));
  const contrast = greatest / (2 * widest);
  const flowing = contrastThickness(branches, size, size);
  for (let i = 0; i < flowing.length; i++) flowing[i] = contrast * (flowing[i] ?? 0);
  if (filled && chance(random, 0.25)) addBlush(random, flowing, size);
  const [first] = trees;
  const catheter =
    first && chance(random, region === 'phantom' ? 0.2 : 0.62)
      ? drawCatheter(random, first.root, size, {
          contrast,
          filled: filled && chance(random, 0.6),
          wall: [0.08, 0.7],
        })
      : null;
  // A catheter that lay still is taken away by the subtraction, its contrast is not.
  if (catheter) add(subtracted && chance(random, 0.5) ? flowing : still, catheter.attenuation);
  if (first && region !== 'phantom') addDevices(random, still, size, first, catheter);
  return { still, flowing, branches, bone, catheter, contrast, greatest };
}

function drawBones(random: Random, region: Region, still: Float32Array, size: number): Mask {
  const bone = emptyMask(size, size);
  if (region === 'left coronary' || region === 'right coronary') {
    if (chance(random, 0.45)) addMask(bone, drawRibs(random, still, size));
    if (chance(random, 0.35)) addMask(bone, drawSpine(random, still, size));
  } else if (region === 'cerebral') {
    if (chance(random, 0.6)) addMask(bone, drawSkull(random, still, size));
  } else if (region === 'peripheral' && chance(random, 0.2)) {
    addMask(bone, drawSpine(random, still, size));
  }
  return bone;
}

/** Contrast in vessels too small to be seen: a stain about those that are. */
function addBlush(random: Random, flowing: Float32Array, size: number): void {
  const stain = gaussianBlur(flowing, size, size, size * logBetween(random, 0.015, 0.08));
  const strength = between(random, 0.1, 0.6);
  for (let i = 0; i < flowing.length; i++) flowing[i] = (flowing[i] ?? 0) + strength * (stain[i] ?? 0);
}

interface Exposed {
  readonly beam: Float32Array;
  /** Deviation of the noise, relative to an unweakened beam of 1. */
  readonly noise: number;
}

/** The beam behind the patient, relative to its middle. */
function expose(random: Random, scene: Scene, passed: Float32Array | null, size: number): Exposed {
  const beam = new Float32Array(scene.still.length);
  const heel = smoothNoise(random, size, size, size * 0.8);
  const falloff = between(random, 0, 0.12);
  for (let i = 0; i < beam.length; i++) {
    const depth = (scene.still[i] ?? 0) + (scene.flowing[i] ?? 0) + falloff * (heel[i] ?? 0);
    beam[i] = Math.exp(-depth) * (passed?.[i] ?? 1);
  }
  if (chance(random, 0.5)) {
    // Scattered quanta and glare in the intensifier veil the picture.
    const veil = gaussianBlur(beam, size, size, size * between(random, 0.05, 0.2));
    const share = between(random, 0.05, 0.4);
    for (let i = 0; i < beam.length; i++) beam[i] = (1 - share) * (beam[i] ?? 0) + share * (veil[i] ?? 0);
  }
  if (chance(random, 0.4))
    for (let i = 0; i < beam.length; i++) beam[i] = Math.log(0.03 + (beam[i] ?? 0)) / 3;
  return { beam, noise: (1 - Math.exp(-scene.greatest)) / logBetween(random, 4, 60) };
}

/** Logarithms subtracted: the contrast alone, and what moved between the mask image and this one. */
function subtract(random: Random, scene: Scene, size: number): Exposed {
  const beam = new Float32Array(scene.flowing.length);
  const moved = chance(random, 0.6) ? (size / 512) * logBetween(random, 0.1, 3) : 0;
  const across = smoothNoise(random, size, size, size * 0.4);
  const down = smoothNoise(random, size, size, size * 0.4);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const toX = Math.min(size - 1, Math.max(0, Math.round(x + moved * (1 + 0.5 * (across[i] ?? 0)))));
      const toY = Math.min(size - 1, Math.max(0, Math.round(y + moved * (down[i] ?? 0))));
      const residue = moved > 0 ? (scene.still[toY * size + toX] ?? 0) - (scene.still[i] ?? 0) : 0;
      beam[i] = 1 - (scene.flowing[i] ?? 0) - residue;
    }
  }
  return { beam, noise: scene.greatest / logBetween(random, 4, 60) };
}

/** Counting noise, correlated over neighbours by the detector; stronger where the beam is. */
function addGrain(random: Random, beam: Float32Array, deviation: number, size: number): void {
  const grain = chance(random, 0.6)
    ? smoothNoise(random, size, size, logBetween(random, 0.5, 2.2))
    : normalField(random, beam.length);
  for (let i = 0; i < beam.length; i++) {
    const value = beam[i] ?? 0;
    beam[i] = value + deviation * Math.sqrt(Math.min(2, Math.max(0.05, Math.abs(value)))) * (grain[i] ?? 0);
  }
}

function blankOut(random: Random, shown: Float32Array, passed: Float32Array): void {
  const level = chance(random, 0.8)
    ? between(random, 0, 12)
    : chance(random, 0.5)
      ? between(random, 12, 90)
      : 255;
  for (let i = 0; i < shown.length; i++) {
    const share = passed[i] ?? 1;
    if (share < 1) shown[i] = share * (shown[i] ?? 0) + (1 - share) * level;
  }
}

/** The patch over which an eye sums a vessel's contrast, along the vessel, in pixels at 512. */
const GLANCE = 8;
/** Contrast over noise in that patch from which on a vessel is seen, and the least contrast a screen shows. */
const SEEN = 2.5;
const LEAST_SEEN = 0.012;

function truth(scene: Scene, noise: number, field: Mask, subtracted: boolean): Map<Structure, Mask> {
  const { width, height } = field;
  const visible = scene.branches.map((branch) =>
    branch.filter(({ density, radius }) => {
      const contrast = 1 - Math.exp(-scene.contrast * density * 2 * radius);
      return contrast > Math.max(LEAST_SEEN, (SEEN * noise) / Math.sqrt(2 * radius * GLANCE));
    }),
  );
  const vessel = strokeMask(visible.flat(), width, height);
  const masks = new Map<Structure, Mask>();
  const keep = (mask: Mask, ...names: Structure[]): void => {
    keepWithin(mask, field);
    if (countPixels(mask) > 0) for (const name of names) masks.set(name, mask);
  };
  keep(vessel, 'vessel', 'artery', 'vein');
  if (scene.catheter) keep(scene.catheter.mask, 'catheter');
  if (!subtracted) keep(scene.bone, 'bone');
  return masks;
}

function add(field: Float32Array, other: Float32Array): void {
  for (let i = 0; i < field.length; i++) field[i] = (field[i] ?? 0) + (other[i] ?? 0);
}
