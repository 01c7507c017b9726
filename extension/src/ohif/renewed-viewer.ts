import type { Viewer } from '../host/viewer.ts';

/** A viewer that goes on when OHIF leaves one mode and enters another. */
export interface RenewedViewer {
  readonly viewer: Viewer;
  /** To be called when a mode has been entered. */
  readonly renew: () => void;
}

/**
 * OHIF's services forget all who listen to them when a mode is left. So each mode has a viewer of its own behind one
 * that lasts, and those who listen to that one are told by whichever is current.
 *
 * @param create called within a mode
 */
export function renewedViewer(create: () => Viewer): RenewedViewer {
  const onActive = new Set<() => void>();
  const onMask = new Set<(segmentationId: string) => void>();
  let leave = (): void => {};
  const enter = (): Viewer => {
    leave();
    const viewer = create();
    const stops = [
      viewer.onActiveChange(() => onActive.forEach((listener) => listener())),
      viewer.onMaskChange((id) => onMask.forEach((listener) => listener(id))),
    ];
    leave = () => stops.forEach((stop) => stop());
    return viewer;
  };
  let current = enter();
  const listening: Pick<Viewer, 'onActiveChange' | 'onMaskChange'> = {
    onActiveChange: (listener) => subscribe(onActive, listener),
    onMaskChange: (listener) => subscribe(onMask, listener),
  };
  const viewer = new Proxy(current, {
    get: (_first, key) => Reflect.get(key in listening ? listening : current, key) as unknown,
  });
  return {
    viewer,
    renew() {
      current = enter();
      onActive.forEach((listener) => listener());
    },
  };
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
