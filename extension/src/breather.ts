/** Milliseconds of work in one go. */
const AT_MOST = 30;

/**
 * For work over many frames: between two of them, what is returned lets the viewer draw and take input where it has been held up
 * for long enough. Undefined where it has not, so that short work is done in one go.
 */
export function createBreather(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < AT_MOST) return undefined;
    return new Promise((resolve) => {
      setTimeout(() => {
        since = performance.now();
        resolve();
      });
    });
  };
}
