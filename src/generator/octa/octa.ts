import type { Mask } from '../../imaging/frame.ts';
import { createRandom } from '../../protocol/random.ts';
import type { Random } from '../../protocol/random.ts';
import { between, chance } from '../draw/draws.ts';
import type { GeneratedImage, Structure } from '../generated-image.ts';
import type { FoveaShape } from './capillaries.ts';
import { growMesh } from './capillaries.ts';
import { flowLayer, flowMask } from './flow-layer.ts';
import { scan } from './scan.ts';

/**
 * A drawn OCT angiogram seen from the front: bright vessels from trunks down to the capillary mesh round a dark
 * foveal avascular zone, with the speckle, stripes and shifts of a scan.
 * @param seed equal seeds give equal pictures
 * @param size side in pixels, 128..1024
 */
export function generateOcta(seed: number, size: number): GeneratedImage {
  const random = createRandom(seed);
  const fovea = drawFovea(random);
  const trunkRadius = between(random, 0.006, 0.012);
  const vessels = growMesh(random, {
    fovea,
    trunkRadius,
    leastRadius: between(random, 0.0007, 0.0011),
    trunks: 7 + random.integer(8),
    twigs: Math.round(between(random, 2500, 8500)),
  });
  const mask = flowMask(vessels, size);
  const layer = flowLayer(vessels, size, trunkRadius * size * 0.5);
  const pixels = scan(random, layer, { size, fovea, mask });
  const masks = new Map<Structure, Mask>([
    ['vessel', mask],
    ['artery', mask],
    ['vein', mask],
  ]);
  return {
    kind: 'octa',
    frame: {
      width: size,
      height: size,
      channels: 1,
      pixels,
      source: { file: `octa-${seed}`, frameNumber: 1 },
      intensity: 'drawn in 0..255',
    },
    fieldOfView: { width: size, height: size, data: new Uint8Array(size * size).fill(1) },
    masks,
  };
}

/** A ragged round zone near the middle; one image in eight shows no fovea. */
function drawFovea(random: Random): FoveaShape {
  const radius = chance(random, 0.87) ? between(random, 0.05, 0.16) : 0;
  const waves = [2, 3, 5, 7, 11, 17].map((count) => ({
    count,
    height: (0.3 / count) * random.normal(),
    phase: 2 * Math.PI * random.uniform(),
  }));
  // A table: the border is asked for at every step that a vessel grows.
  const table = Float32Array.from({ length: 256 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 256;
    const ragged = waves.reduce(
      (sum, { count, height, phase }) => sum + height * Math.sin(count * angle + phase),
      1,
    );
    return radius * Math.max(0.4, ragged);
  });
  return {
    x: 0.5 + 0.05 * random.normal(),
    y: 0.5 + 0.05 * random.normal(),
    border: (angle) => table[Math.round((256 * angle) / (2 * Math.PI)) & 255] ?? 0,
  };
}
