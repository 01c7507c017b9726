/** Milliseconds after the last input in which the next is still likely. */
const QUIET = 1000;
/** Times of a step that is waited for at most, so that a run goes on however long somebody scrolls. */
const MOST_STEPS = 2;

/** How a training run leaves the processor to whoever scrolls or paints beside it; the page tells of them (`watch-input.ts`). */
export class GiveWay {
  #inputAt = -Infinity;

  /** Somebody is at work. @param at by `Date.now` */
  noticed(at: number): void {
    this.#inputAt = at;
  }

  /** Resolves once nobody is, or has been waited for long enough. @param stepSeconds that the last step took */
  async wait(stepSeconds: number): Promise<void> {
    const latest = Date.now() + MOST_STEPS * stepSeconds * 1000;
    for (;;) {
      const now = Date.now();
      const left = Math.min(this.#inputAt + QUIET, latest) - now;
      if (left <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, left));
    }
  }
}
