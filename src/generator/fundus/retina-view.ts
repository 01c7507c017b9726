import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { between, chance } from '../draw/draws.ts';

/** A place on the retina, in disc diameters: the optic disc at (0, 0), the temporal side at x > 0, down at y > 0. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** What part of the retina the camera sees, and how: a similarity between places and pixels. */
export interface RetinaView {
  /** Side of the square image in pixels. */
  readonly size: number;
  /** What the field of view shows in its middle. */
  readonly centre: Place;
  /** Radius of the round field, in disc diameters. */
  readonly reach: number;
  /** Pixels per disc diameter. */
  readonly scale: number;
  readonly fovea: Place;
  readonly toPixel: (place: Place) => Place;
  readonly toPlace: (pixel: Place) => Place;
  readonly field: FieldShape;
}

/** The camera's aperture, in pixels. */
export interface FieldShape {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Rows outside of which the round field is cut off. */
  readonly top: number;
  readonly bottom: number;
  /** The small notch or tab at the rim by which a film's orientation is known; null when there is none. */
  readonly tab: { readonly x: number; readonly y: number; readonly radius: number } | null;
}

interface Framing {
  readonly centre: Place;
  readonly reach: number;
}

/** Draws a camera position: macula in the middle, disc in the middle, along an arcade, or without the disc. */
export function drawView(random: Random, size: number): RetinaView {
  const fovea = { x: between(random, 2.3, 2.8), y: between(random, 0, 0.5) };
  const { centre, reach } = drawFraming(random, fovea);
  const field = drawField(random, size);
  const scale = field.radius / reach;
  const angle = 0.12 * random.normal();
  const mirror = chance(random, 0.5) ? 1 : -1;
  const upside = chance(random, 0.85) ? 1 : -1;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return {
    size,
    centre,
    reach,
    scale,
    fovea,
    field,
    toPixel: ({ x, y }) => {
      const [u, v] = [(x - centre.x) * mirror * scale, (y - centre.y) * upside * scale];
      return { x: field.x + cos * u - sin * v, y: field.y + sin * u + cos * v };
    },
    toPlace: ({ x, y }) => {
      const [u, v] = [(x - field.x) / scale, (y - field.y) / scale];
      return {
        x: centre.x + mirror * (cos * u + sin * v),
        y: centre.y + upside * (cos * v - sin * u),
      };
    },
  };
}

function drawFraming(random: Random, fovea: Place): Framing {
  const kind = random.uniform();
  if (kind < 0.4) {
    const centre = { x: between(random, 1.2, fovea.x + 0.3), y: between(random, -0.4, 0.4) };
    return { centre, reach: between(random, 3.2, 4.4) };
  }
  if (kind < 0.62) {
    const centre = { x: between(random, -0.4, 0.5), y: between(random, -0.4, 0.4) };
    return { centre, reach: between(random, 2.4, 3.6) };
  }
  if (kind < 0.86) {
    const reach = between(random, 3.5, 5.4);
    const direction = 2 * Math.PI * random.uniform();
    const distance = between(random, 0.2, 0.8) * reach;
    return { centre: { x: distance * Math.cos(direction), y: distance * Math.sin(direction) }, reach };
  }
  const reach = between(random, 1.6, 3);
  const direction = random.normal();
  const distance = reach + between(random, 0.7, 1.6);
  return { centre: { x: distance * Math.cos(direction), y: distance * Math.sin(direction) }, reach };
}

function drawField(random: Random, size: number): FieldShape {
  const fills = chance(random, 0.12);
  const share = fills
    ? between(random, 1.42, 1.9)
    : chance(random, 0.65)
      ? between(random, 0.9, 1)
      : between(random, 0.6, 0.9);
  const radius = (share * size) / 2;
  const slack = Math.max(0, size / 2 - radius) + 0.01 * size;
  const x = size / 2 + slack * between(random, -0.8, 0.8);
  const y = size / 2 + slack * between(random, -0.8, 0.8);
  const cut = chance(random, 0.3) ? between(random, 0.76, 0.97) * radius : 2 * radius;
  const tabAngle = between(random, -0.9, -0.6) + (chance(random, 0.2) ? Math.PI / 2 : 0);
  const tab = chance(random, 0.4)
    ? {
        x: x + radius * Math.cos(tabAngle),
        y: y + radius * Math.sin(tabAngle),
        radius: between(random, 0.02, 0.045) * radius,
      }
    : null;
  return { x, y, radius, top: y - cut, bottom: y + cut, tab };
}

/** Where the camera's aperture lets light in. */
export function fieldMask({ size, field }: RetinaView): Mask {
  const data = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    if (y < field.top || y > field.bottom) continue;
    for (let x = 0; x < size; x++) {
      const inside = (x - field.x) ** 2 + (y - field.y) ** 2 <= field.radius ** 2;
      const inTab = field.tab && (x - field.tab.x) ** 2 + (y - field.tab.y) ** 2 <= field.tab.radius ** 2;
      if (inside || inTab) data[y * size + x] = 1;
    }
  }
  return { width: size, height: size, data };
}
