import type { Mask } from '../../imaging/frame.ts';
import { createRandom } from '../../protocol/random.ts';
import { addMask, countPixels, emptyMask, keepWithin } from '../draw/masks.ts';
import type { VesselPiece } from '../draw/strokes.ts';
import { strokeMask } from '../draw/strokes.ts';
import type { GeneratedImage, Structure } from '../generated-image.ts';
import { drawBackground } from './background.ts';
import { drawDisc } from './disc.ts';
import { between, chance } from '../draw/draws.ts';
import { drawLesions } from './lesions.ts';
import { photograph } from './photograph.ts';
import { growTrees } from './retinal-trees.ts';
import { drawView, fieldMask } from './retina-view.ts';
import { drawTrunks } from './trunks.ts';
import { paintVessels } from './vessel-colour.ts';
import { drawLayer, vesselPieces } from './vessel-layer.ts';

/**
 * A drawn colour photograph of the back of an eye: optic disc, macula, arteries and veins as two trees, lesions,
 * and a camera with its field of view, light, blur, noise and compression.
 * @param seed equal seeds give equal pictures
 * @param size side in pixels, 128..1024
 */
export function generateFundus(seed: number, size: number): GeneratedImage {
  const random = createRandom(seed);
  const view = drawView(random, size);
  const fieldOfView = fieldMask(view);
  const masks = new Map<Structure, Mask>();
  const add = (name: Structure, mask: Mask): void => {
    keepWithin(mask, fieldOfView);
    if (countPixels(mask) > 0) masks.set(name, mask);
  };

  const light = drawBackground(random, view);
  add('optic disc', drawDisc(random, view, light));
  if (chance(random, 0.5)) add('lesion', drawLesions(random, view, light));

  if (!chance(random, 0.03)) {
    const trunks = drawTrunks(random);
    const vessels = growTrees(random, view, trunks, {
      leastRadius: Math.max(0.45 / view.scale, between(random, 0.005, 0.009)),
      density: between(random, 1, 2.8),
      tortuosity: Math.exp(0.4 * random.normal()),
      avascular: between(random, 0.15, 0.35),
    });
    const pieces = {
      artery: vesselPieces(view, vessels, 'artery'),
      vein: vesselPieces(view, vessels, 'vein'),
    };
    const fullRadius = 0.045 * view.scale;
    const fading = between(random, 0.4, 0.85);
    paintVessels(random, view, light, {
      artery: drawLayer(pieces.artery, size, {
        fullRadius,
        fading,
        reflexWidth: between(random, 0.24, 0.36),
      }),
      vein: drawLayer(pieces.vein, size, { fullRadius, fading, reflexWidth: between(random, 0.2, 0.32) }),
    });
    const label = (size / 512) * between(random, 0.1, 0.8);
    const artery = strokeMask(widened(pieces.artery, label), size, size);
    const vein = strokeMask(widened(pieces.vein, label), size, size);
    const vessel = emptyMask(size, size);
    addMask(vessel, artery);
    addMask(vessel, vein);
    add('vessel', vessel);
    add('artery', artery);
    add('vein', vein);
  }
  const pixels = photograph(random, view, light, fieldOfView);
  return {
    kind: 'fundus',
    frame: {
      width: size,
      height: size,
      channels: 3,
      pixels,
      source: { file: `fundus-${seed}`, frameNumber: 1 },
      intensity: 'drawn in 0..255',
    },
    fieldOfView,
    masks,
  };
}

/** People draw a vessel with its blurred edge. */
function widened(pieces: readonly VesselPiece[], by: number): VesselPiece[] {
  return pieces.map((piece) => ({ ...piece, radius: piece.radius + by }));
}
