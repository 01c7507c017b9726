import type { Random } from '../../protocol/random.ts';
import { smoothNoise } from '../draw/fields.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import type { Light } from './light.ts';
import type { RetinaView } from './retina-view.ts';
import type { VesselLayer } from './vessel-layer.ts';

/** How much of each colour the widest vessel takes away, as an optical density. */
type Density = readonly [red: number, green: number, blue: number];

/**
 * Blood over the retina: veins (poor in oxygen) take more light in every colour and much more red than arteries do;
 * arteries lie on top where they cross, and carry the brighter reflex.
 */
export function paintVessels(
  random: Random,
  view: RetinaView,
  light: Light,
  layers: Readonly<Record<'artery' | 'vein', VesselLayer>>,
): void {
  const { artery, vein } = layers;
  const green = logBetween(random, 0.22, 0.72);
  const veinDensity: Density = [green * between(random, 0.2, 0.5), green, green * between(random, 0.45, 1.1)];
  const paler = between(random, 0.72, 1.05);
  const arteryDensity: Density = [
    green * between(random, -0.02, 0.16),
    green * paler,
    veinDensity[2] * paler * between(random, 0.8, 1.1),
  ];
  const young = chance(random, 0.3);
  const arteryShine = between(random, 0.05, 0.5) + (young ? 0.25 : 0);
  const veinShine = arteryShine * between(random, 0.05, 0.5);
  const cover = between(random, 0.4, 0.9);
  const planes = [light.red, light.green, light.blue];
  for (let i = 0; i < artery.blood.length; i++) {
    const a = artery.blood[i] ?? 0;
    const v = (vein.blood[i] ?? 0) * (1 - cover * Math.min(1, 1.5 * a));
    if (a === 0 && v === 0) continue;
    const shineA = a * arteryShine * (artery.reflex[i] ?? 0);
    const shineV = v * veinShine * (vein.reflex[i] ?? 0);
    for (let c = 0; c < 3; c++) {
      const plane = planes[c];
      if (!plane) continue;
      const taken = (a - shineA) * (arteryDensity[c] ?? 0) + (v - shineV) * (veinDensity[c] ?? 0);
      // The reflex is the lamp's own white: a little of it is there in red as well.
      plane[i] = (plane[i] ?? 0) * Math.exp(-taken) * (1 + 0.25 * green * (shineA + shineV));
    }
  }
  if (young) addSheen(random, view, light, layers);
}

/** The silky, patchy shine of a young retina along its great vessels. */
function addSheen(
  random: Random,
  view: RetinaView,
  light: Light,
  { artery, vein }: Readonly<Record<'artery' | 'vein', VesselLayer>>,
): void {
  const { size, scale } = view;
  const patches = smoothNoise(random, size, size, between(random, 0.2, 0.6) * scale);
  const streaks = smoothNoise(random, size, size, Math.max(1.5, 0.06 * scale));
  const strength = between(random, 0.05, 0.35);
  const free = between(random, 0, 0.35);
  const least = between(random, 0, 1);
  const disc = view.toPixel({ x: 0, y: 0 });
  for (let i = 0; i < patches.length; i++) {
    const patch = Math.min(1.2, Math.max(0, (patches[i] ?? 0) - least));
    if (patch === 0) continue;
    const blood = Math.max(artery.blood[i] ?? 0, vein.blood[i] ?? 0);
    const sheath = Math.max(artery.sheath[i] ?? 0, vein.sheath[i] ?? 0);
    const [x, y] = [i % size, Math.floor(i / size)];
    const far = Math.sqrt((x - disc.x) ** 2 + (y - disc.y) ** 2) / scale;
    const fibres = free * Math.exp(-(((far - 1.2) / 1) ** 2)) * Math.max(0, 0.6 + 0.5 * (streaks[i] ?? 0));
    const shine = strength * patch * (sheath + fibres) * (1 - 0.75 * Math.min(1, blood));
    light.red[i] = (light.red[i] ?? 0) * (1 + 0.35 * shine) + 8 * shine;
    light.green[i] = (light.green[i] ?? 0) * (1 + shine) + 12 * shine;
    light.blue[i] = (light.blue[i] ?? 0) * (1 + shine) + 8 * shine;
  }
}
