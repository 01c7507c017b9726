import { announce, attempt } from './context.ts';
import type { Context } from './context.ts';

/** Milliseconds for which an action can be taken back. */
const PATIENCE = 20_000;

export interface Undo {
  offer: Context['offerUndo'];
  /** Takes the last action back. */
  readonly undo: () => Promise<void>;
  /** Lets the offer go; what was put off until then is done. */
  readonly settle: () => Promise<void>;
}

/** One offer at a time: a new one settles the one before. */
export function createUndo(context: Omit<Context, 'offerUndo'>): Undo {
  const { store, strings } = context;
  let open: { readonly undo: () => Promise<void>; readonly settled: () => Promise<void> } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const close = (): typeof open => {
    clearTimeout(timer);
    const closed = open;
    open = undefined;
    store.setState({ undo: undefined });
    return closed;
  };
  const settle = async (): Promise<void> => close()?.settled();

  const offer: Context['offerUndo'] = (text, undo, settled = async () => {}) => {
    void settle();
    open = { undo, settled };
    store.setState({ undo: { text } });
    announce(context, text);
    timer = setTimeout(() => void settle(), PATIENCE);
  };
  return {
    offer,
    settle,
    async undo() {
      const closed = close();
      if (!closed) return;
      const full: Context = { ...context, offerUndo: offer };
      await attempt(full, { name: 'undo', where: 'frames', title: strings.undoFailed }, closed.undo);
    },
  };
}
