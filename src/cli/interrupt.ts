import type { Console } from './console.ts';
import { EXIT } from './exit-codes.ts';

/** Does work that the first Ctrl-C asks to stop; the second ends the program at once. */
export async function interruptible<T>(
  console: Console,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.cancelled);
    console.tell('Stopping ... (Ctrl-C again to stop at once)');
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
