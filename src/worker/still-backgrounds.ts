/** What stands still in the runs that are looked at. */
import { frameOfPixels } from '../imaging/frame-pixels.ts';
import { levelsOf } from '../imaging/run/levels.ts';
import type { Levels } from '../imaging/run/levels.ts';
import { stillBackgroundOf } from '../imaging/run/still-background.ts';
import type { StillBackground } from '../imaging/run/still-background.ts';
import { asItIs } from '../protocol/frames.ts';
import { breathe } from '../protocol/breathe.ts';
import type { FramePixels } from '../protocol/frames.ts';

/** An examination's two views. At 1024 px the square roots of one alone are 4 MB. */
const MOST_RUNS = 2;

export class StillBackgrounds {
  readonly #runs = new Map<string, StillBackground>();

  /** @returns whether anything is to be taken off its frames */
  async open(run: string, frames: readonly FramePixels[]): Promise<boolean> {
    const still = await stillBackgroundOf(frames.map(shown), breathe);
    if (!still) return false;
    this.#runs.set(run, still);
    for (const [oldest] of this.#runs) if (this.#runs.size > MOST_RUNS) this.#runs.delete(oldest);
    return true;
  }

  /** @returns undefined where the run is not open, or not any more */
  under(run: string, frame: FramePixels): Uint8Array | undefined {
    return this.#runs.get(run)?.under(shown(frame));
  }
}

/** As it is shown. */
function shown(frame: FramePixels): Levels {
  return levelsOf(frameOfPixels(asItIs(frame), 'A frame of the run'));
}
