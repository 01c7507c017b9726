import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import { gaussianBlur } from '../draw/fields.ts';
import { addMask, emptyMask } from '../draw/masks.ts';
import { drawRibs, drawSkull, drawSpine } from './bones.ts';
import { drawCatheter } from './catheter.ts';
import type { Catheter } from './catheter.ts';
import { contrastThickness, fillVessels } from './contrast.ts';
import type { FilledPiece } from './contrast.ts';
import { addDevices } from './devices.ts';
import type { Layers } from './exposure.ts';
import type { XrayLook } from './look.ts';
import { growVessels } from './regions.ts';
import type { Region, Vessels } from './regions.ts';
import { drawTissue } from './tissue.ts';

/** Everything in the beam's way. */
export interface Scene extends Layers {
  readonly branches: readonly (readonly FilledPiece[])[];
  /** Ribs, spine and skull as regions, and what they add to the beam's attenuation. */
  readonly bone: Mask;
  readonly bones: Float32Array;
  readonly catheter: Catheter | null;
}

/** Chance that there is another tree besides those already there. */
const MORE_TREES: Readonly<Record<Region, number>> = {
  'left coronary': 0.3,
  'right coronary': 0.3,
  cerebral: 0.75,
  peripheral: 0.45,
  phantom: 0.65,
};

/** @param subtracted whether what lies still will be taken away */
export function drawScene(
  random: Random,
  look: XrayLook,
  region: Region,
  size: number,
  subtracted: boolean,
): Scene {
  const first = growVessels(random, region, size, look.calibre);
  const trees: Vessels[] = [first];
  const more = MORE_TREES[region];
  while (trees.length < 6 && chance(random, more))
    trees.push(growVessels(random, region, size, look.calibre));
  const filled = chance(random, look.filled);
  const branches = filled ? trees.flatMap((tree) => fillVessels(random, tree, region)) : [];
  // A phantom's tubes hold undiluted contrast.
  const greatest = (region === 'phantom' ? 1.6 : 1) * logBetween(random, ...look.greatest);
  const contrast = greatest / (2 * Math.max(...trees.map(({ trunkRadius }) => trunkRadius)));
  const flowing = contrastThickness(branches, size, size);
  for (let i = 0; i < flowing.length; i++) flowing[i] = contrast * (flowing[i] ?? 0);
  if (filled && chance(random, 0.2)) addBlush(random, flowing, size);

  const still = drawTissue(random, region, size);
  const bones = new Float32Array(size * size);
  const bone = drawBones(random, look, region, bones, size);
  add(still, bones);
  const catheter = chance(random, (region === 'phantom' ? 0.3 : 1) * look.catheters)
    ? drawCatheter(random, first.root, size, { contrast, filled: filled && chance(random, 0.6) })
    : null;
  // A catheter that lay still is taken away by the subtraction, unless it moved or contrast runs through it.
  const staysSeen = subtracted && chance(random, 0.5);
  if (catheter) add(staysSeen ? flowing : still, catheter.attenuation);
  addDevices(random, look, still, size, region, first, catheter);
  return {
    still,
    flowing,
    branches,
    bone,
    bones,
    catheter: subtracted && !staysSeen ? null : catheter,
    greatest,
  };
}

function drawBones(random: Random, look: XrayLook, region: Region, bones: Float32Array, size: number): Mask {
  const bone = emptyMask(size, size);
  const there = (probability: number): boolean => chance(random, look.disturbance * probability);
  if (region === 'left coronary' || region === 'right coronary') {
    if (there(0.45)) addMask(bone, drawRibs(random, bones, size));
    if (there(0.35)) addMask(bone, drawSpine(random, bones, size));
  } else if (region === 'cerebral') {
    if (there(0.6)) addMask(bone, drawSkull(random, bones, size));
  } else if (region === 'peripheral' && there(0.2)) {
    addMask(bone, drawSpine(random, bones, size));
  }
  return bone;
}

/** Contrast in vessels too small to be seen: a stain about those that are. */
function addBlush(random: Random, flowing: Float32Array, size: number): void {
  const stain = gaussianBlur(flowing, size, size, size * logBetween(random, 0.015, 0.08));
  const strength = between(random, 0.1, 0.6);
  for (let i = 0; i < flowing.length; i++) flowing[i] = (flowing[i] ?? 0) + strength * (stain[i] ?? 0);
}

function add(field: Float32Array, other: Float32Array): void {
  for (let i = 0; i < field.length; i++) field[i] = (field[i] ?? 0) + (other[i] ?? 0);
}
