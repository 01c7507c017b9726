import type { Random } from '../../protocol/random.ts';
import { between, chance, pick } from '../draw/draws.ts';
import { forEachNear, meanChord } from '../draw/strokes.ts';
import type { VesselPiece } from '../draw/strokes.ts';
import type { Region, Vessels } from './regions.ts';
import type { Branch } from './tree.ts';

/** A piece of a vessel with what flows in it. */
export interface FilledPiece extends VesselPiece {
  /** Contrast on the beam's way per pixel of the vessel's width: 1 in an undiluted vessel that lies flat. */
  readonly density: number;
  /** How much of it adds to what lies there already: 0 where a branch still lies in its parent. */
  readonly overlap: number;
}

/**
 * Which part of a tree holds contrast: all of it, or up to a front, or from a tail of washed-out blood on; thin
 * vessels hold less, and the tubes of a phantom have gaps where air is. Pieces follow each other along each branch.
 */
export function fillVessels(random: Random, vessels: Vessels, region: Region): FilledPiece[][] {
  const longest = Math.max(1, ...vessels.branches.map(({ points }) => points.at(-1)?.fromRoot ?? 0));
  const phase = pick(random, { full: 0.68, arriving: 0.22, leaving: 0.1 });
  const front = longest * between(random, 0.3, 0.9);
  const softness = longest * between(random, 0.02, 0.15);
  const dilution = between(random, -0.25, 0.35);
  const least = between(random, 0, 0.3);
  const densityAt = (fromRoot: number, radius: number): number => {
    const beyond = 1 / (1 + Math.exp((front - fromRoot) / softness));
    const share = phase === 'full' ? 1 : phase === 'arriving' ? 1 - beyond : least + (1 - least) * beyond;
    return share * Math.min(1, Math.max(0.05, radius / vessels.trunkRadius)) ** dilution;
  };
  const uneven = chance(random, 0.3) ? 0.25 : 0.06;
  return vessels.branches.map((branch) => {
    const strength = Math.exp(uneven * random.normal());
    const [first, last] = [branch.points[0]?.fromRoot ?? 0, branch.points.at(-1)?.fromRoot ?? 0];
    const gapAt = region === 'phantom' && chance(random, 0.2) ? between(random, first, last) : -1e9;
    const gapLength = between(random, 2, 8) * (branch.points[0]?.radius ?? 1);
    return fillBranch(branch, (fromRoot, radius) =>
      Math.abs(fromRoot - gapAt) < gapLength / 2 ? 0 : strength * densityAt(fromRoot, radius),
    );
  });
}

function fillBranch(
  { points, parentRadius }: Branch,
  densityAt: (fromRoot: number, radius: number) => number,
): FilledPiece[] {
  const pieces: FilledPiece[] = [];
  for (let i = 1; i < points.length; i++) {
    const [from, to] = [points[i - 1], points[i]];
    if (!from || !to) continue;
    const way = from.fromRoot - (points[0]?.fromRoot ?? 0);
    pieces.push({
      x0: from.x,
      y0: from.y,
      x1: to.x,
      y1: to.y,
      radius: (from.radius + to.radius) / 2,
      density: densityAt(from.fromRoot, from.radius) * to.lengthening,
      overlap: Math.min(1, Math.max(0, way / (2 * parentRadius + 1) - 0.5)),
    });
  }
  return pieces;
}

/** Pieces drawn as one; a vessel that crosses itself within so few does not add up. */
const RUN = 24;

/**
 * Contrast on the beam's way at each pixel, in pixels of undiluted vessel. Where vessels cross, both count; where a
 * branch leaves its parent, or one run of pieces goes over into the next, the thicker counts.
 */
export function contrastThickness(
  branches: readonly (readonly FilledPiece[])[],
  width: number,
  height: number,
): Float32Array {
  const total = new Float32Array(width * height);
  const run = new Float32Array(width * height);
  const overlap = new Float32Array(width * height);
  const touched = new Int32Array(width * height);
  for (const branch of branches) {
    for (let from = 0; from < branch.length; from += RUN) {
      let count = 0;
      for (let k = from; k < Math.min(branch.length, from + RUN); k++) {
        const piece = branch[k];
        if (!piece || piece.density < 1e-3) continue;
        const ownOverlap = from === 0 ? piece.overlap : Math.min(1, Math.max(0, (k - from) / 6 - 0.5));
        forEachNear([piece], width, height, 0.5, (i, distance, radius) => {
          const value = meanChord(distance, radius) * piece.density;
          if (value <= 0) return;
          const before = run[i] ?? 0;
          if (before === 0) touched[count++] = i;
          if (value > before) {
            run[i] = value;
            overlap[i] = ownOverlap;
          }
        });
      }
      for (let k = 0; k < count; k++) {
        const i = touched[k] ?? 0;
        const [a, b] = [total[i] ?? 0, run[i] ?? 0];
        total[i] = Math.max(a, b) + (overlap[i] ?? 0) * Math.min(a, b);
        run[i] = 0;
      }
    }
  }
  return total;
}
