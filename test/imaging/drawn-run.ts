/** A drawn run of small frames: stripes that stand still, noise, and a dark disc that moves across. */
import type { Levels } from '../../src/imaging/run/levels.ts';
import { createRandom } from '../../src/protocol/random.ts';

export const RUN_SIDE = 96;
const RADIUS = 6;

/** What stands still, 0 to 255. */
export function stripes(x: number, y: number): number {
  return 140 + 50 * Math.sin(x / 7) + 25 * Math.sin((x + 2 * y) / 11);
}

/** Middle of the disc in a frame, in pixels. */
export function discAt(index: number): readonly [x: number, y: number] {
  return [20 + 5 * index, 48];
}

export function isInDisc(index: number, x: number, y: number): boolean {
  const [cx, cy] = discAt(index);
  return (x - cx) ** 2 + (y - cy) ** 2 <= RADIUS ** 2;
}

export function drawnRun(count: number): readonly Levels[] {
  return Array.from({ length: count }, (_, index) => {
    const random = createRandom(index + 1);
    const data = new Uint8Array(RUN_SIDE ** 2);
    for (let y = 0; y < RUN_SIDE; y++) {
      for (let x = 0; x < RUN_SIDE; x++) {
        const level = stripes(x, y) * (isInDisc(index, x, y) ? 0.5 : 1) + 3 * random.normal();
        data[y * RUN_SIDE + x] = Math.min(255, Math.max(0, Math.round(level)));
      }
    }
    return { width: RUN_SIDE, height: RUN_SIDE, data };
  });
}
