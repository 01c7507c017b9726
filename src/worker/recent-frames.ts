import type { Raster } from '../imaging/geometry.ts';
import type { ProbabilityMap } from '../inference/mask.ts';
import { pixelHash } from '../inference/pixel-hash.ts';

/** A frame and the two beside it. At 1024 px a map is 4 MB. */
const MOST = 3;

/** What was found in the frames that were looked at last, by word: in a run each frame is looked at once, and serves its neighbours as well. */
export class RecentFrames {
  readonly #found = new Map<string, Map<string, ProbabilityMap>>();

  /** @returns to be read and added to */
  of(frame: Raster): Map<string, ProbabilityMap> {
    const key = pixelHash(frame);
    const found = this.#found.get(key) ?? new Map<string, ProbabilityMap>();
    this.#found.delete(key);
    this.#found.set(key, found);
    for (const [oldest] of this.#found) if (this.#found.size > MOST) this.#found.delete(oldest);
    return found;
  }
}
