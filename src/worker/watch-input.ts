/** `pointermove` counts with a button held, as in a stroke. */
const INPUTS = ['wheel', 'pointerdown', 'pointermove', 'keydown'] as const;
/** Milliseconds in which one call is enough. */
const TELL_EVERY = 100;

/** Tells of whatever a person does to the page. @returns what ends it */
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
