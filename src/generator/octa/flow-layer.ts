import type { VesselPiece } from '../draw/strokes.ts';
import { strokeMask, strokeThickness } from '../draw/strokes.ts';
import type { Mask } from '../../imaging/frame.ts';
import type { FlowVessel } from './capillaries.ts';

/** Brightness of flow at each pixel, 0..1, where the widest vessel has 1; vessels of equal flow are drawn together. */
export function flowLayer(vessels: readonly FlowVessel[], size: number, full: number): Float32Array {
  const layer = new Float32Array(size * size);
  for (const level of [0.6, 0.8, 1]) {
    const pieces = vessels
      .filter(({ flow }) => flow <= level && flow > level - 0.2)
      .flatMap((vessel) => vesselPieces(vessel, size));
    const chords = strokeThickness(pieces, size, size);
    for (let i = 0; i < layer.length; i++) {
      const bright = level * Math.min(1, (chords[i] ?? 0) / (2 * full)) ** 0.5;
      if (bright > (layer[i] ?? 0)) layer[i] = bright;
    }
  }
  return layer;
}

export function flowMask(vessels: readonly FlowVessel[], size: number): Mask {
  return strokeMask(
    vessels.flatMap((vessel) => vesselPieces(vessel, size)),
    size,
    size,
  );
}

function vesselPieces({ xs, ys, radii }: FlowVessel, size: number): VesselPiece[] {
  return xs.slice(1).map((x, i) => ({
    x0: (xs[i] ?? 0) * size,
    y0: (ys[i] ?? 0) * size,
    x1: x * size,
    y1: (ys[i + 1] ?? 0) * size,
    radius: (radii[i] ?? 0) * size,
  }));
}
