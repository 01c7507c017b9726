/** How a training run leaves the processor to whoever scrolls or paints beside it, in both ends of its worker. */

/** What a person does to the page: `pointermove` counts with a button held, as in a stroke. */
const INPUTS = ['wheel', 'pointerdown', 'pointermove', 'keydown'] as const;
/** Milliseconds in which one message is enough. */
const TELL_EVERY = 100;
/** Milliseconds after the last input in which the next is still likely. */
const QUIET = 300;
/** Times of a step that is waited for at most, so that a run goes on however long somebody scrolls. */
const MOST_STEPS = 2;

/** The page's end. @returns what ends it */
export function watchInput(onInput: () => void): () => void {
  let told = -Infinity;
  const listen = (event: Event): void => {
    if (event instanceof PointerEvent && event.type === 'pointermove' && event.buttons === 0) return;
    const now = performance.now();
    if (now - told < TELL_EVERY) return;
    told = now;
    onInput();
  };
  for (const name of INPUTS) window.addEventListener(name, listen, { capture: true, passive: true });
  return () => {
    for (const name of INPUTS) window.removeEventListener(name, listen, { capture: true });
  };
}

/** The worker's end. */
export class GiveWay {
  #inputAt = -Infinity;

  /** The page has said that somebody is at work. @param at by `Date.now` */
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
