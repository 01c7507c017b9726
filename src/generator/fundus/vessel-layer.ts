import type { VesselPiece } from '../draw/strokes.ts';
import type { Vessel } from './retinal-trees.ts';
import type { RetinaView } from './retina-view.ts';

/** What the camera sees of one kind of vessel, at each pixel. */
export interface VesselLayer {
  /** Blood that the light crosses: 1 in the middle of the widest vessel, 0 where there is none. */
  readonly blood: Float32Array;
  /** The light reflex along the middle of the vessel, 0..1. */
  readonly reflex: Float32Array;
  /** 1 next to a great vessel's edge on its sheath, 0..1. */
  readonly sheath: Float32Array;
}

/** The vessels' pieces in pixels. */
export function vesselPieces(
  view: RetinaView,
  vessels: readonly Vessel[],
  kind: Vessel['kind'],
): VesselPiece[] {
  const pieces: VesselPiece[] = [];
  for (const vessel of vessels) {
    if (vessel.kind !== kind) continue;
    let from: { x: number; y: number } | null = null;
    vessel.places.forEach((place, i) => {
      const to = view.toPixel(place);
      const radius = (vessel.radii[i] ?? 0) * view.scale;
      const margin = radius + 2;
      const inside =
        to.x > -margin && to.y > -margin && to.x < view.size + margin && to.y < view.size + margin;
      if (from && inside) pieces.push({ x0: from.x, y0: from.y, x1: to.x, y1: to.y, radius });
      from = to;
    });
  }
  return pieces;
}

export interface LayerOptions {
  /** Radius in pixels at which a vessel is as dark as vessels get. */
  readonly fullRadius: number;
  /** How soon thinner vessels grow fainter: the power of their radius. */
  readonly fading: number;
  /** Half the width of the reflex over the vessel's radius. */
  readonly reflexWidth: number;
}

/** Draws the pieces of one kind; where pieces overlap, the nearer the axis, the more it counts. */
export function drawLayer(pieces: readonly VesselPiece[], size: number, options: LayerOptions): VesselLayer {
  const blood = new Float32Array(size * size);
  const reflex = new Float32Array(size * size);
  const sheath = new Float32Array(size * size);
  for (const { x0, y0, x1, y1, radius } of pieces) {
    // A vessel thinner than a pixel is drawn a pixel wide, and fainter.
    const drawn = Math.max(radius, 0.6);
    const strength = Math.min(1, (radius / options.fullRadius) ** options.fading) * (radius / drawn);
    const shiny = Math.min(1, Math.max(0, (radius - 0.9) / 1.2));
    const great = radius > 0.45 * options.fullRadius ? Math.min(1, radius / options.fullRadius) : 0;
    const reach = (great > 0 ? 2.2 * drawn : drawn) + 0.5;
    const [dx, dy] = [x1 - x0, y1 - y0];
    const perLength = 1 / Math.max(1e-9, dx * dx + dy * dy);
    const bottom = Math.min(size - 1, Math.floor(Math.max(y0, y1) + reach));
    const right = Math.min(size - 1, Math.floor(Math.max(x0, x1) + reach));
    for (let y = Math.max(0, Math.ceil(Math.min(y0, y1) - reach)); y <= bottom; y++) {
      for (let x = Math.max(0, Math.ceil(Math.min(x0, x1) - reach)); x <= right; x++) {
        const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) * perLength));
        const [offX, offY] = [x - x0 - along * dx, y - y0 - along * dy];
        const off = Math.sqrt(offX * offX + offY * offY);
        if (off > reach) continue;
        const i = y * size + x;
        const edge = Math.min(1, drawn + 0.5 - off);
        if (edge > 0) {
          const across = off / (drawn + 0.5);
          const value = strength * edge * Math.sqrt(1 - 0.75 * across * across);
          if (value > (blood[i] ?? 0)) blood[i] = value;
          const shine = shiny * Math.exp(-0.5 * (off / (options.reflexWidth * radius)) ** 2);
          if (shine > (reflex[i] ?? 0)) reflex[i] = shine;
        }
        if (great > 0) {
          const value = great * Math.exp(-4 * (off / drawn - 1.3) ** 2);
          if (value > (sheath[i] ?? 0)) sheath[i] = value;
        }
      }
    }
  }
  return { blood, reflex, sheath };
}
