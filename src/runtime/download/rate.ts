export interface Pace {
  readonly bytesPerSecond: number;
  /** Undefined while it cannot be said. */
  readonly secondsLeft: number | undefined;
}

const WINDOW_MS = 5000;

/** How fast bytes have come in the last seconds. @param now in ms */
export function paceMeter(): (bytes: number, total: number | undefined, now?: number) => Pace {
  let seen: { at: number; bytes: number }[] = [];
  return (bytes, total, now = performance.now()) => {
    seen.push({ at: now, bytes });
    // One older than the window stays, so that there is always something to compare with.
    const inWindow = seen.findIndex(({ at }) => at >= now - WINDOW_MS);
    seen = seen.slice(Math.max(0, inWindow - 1));
    const first = seen[0] ?? { at: now, bytes };
    const seconds = (now - first.at) / 1000;
    const bytesPerSecond = seconds > 0 ? Math.max(0, bytes - first.bytes) / seconds : 0;
    const secondsLeft =
      total === undefined || bytesPerSecond === 0 ? undefined : (total - bytes) / bytesPerSecond;
    return { bytesPerSecond, secondsLeft };
  };
}
