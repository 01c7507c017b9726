import { useLayoutEffect, useRef } from 'react';
import type { CSSProperties } from 'react';
import { frameId } from '../../store/collected-frame.ts';
import { formatPercent } from '../format.ts';
import { useSession, useSlice } from '../session-context.ts';

/** A bar for each frame of the series: the higher, the less sure the model is. Press one to go there. */
export function UncertaintyStrip() {
  const session = useSession();
  const { strings } = session;
  const s = strings.segment;
  const place = useSlice((state) => state.place);
  const frames = useSlice((state) => state.frames);
  const bars = useRef<HTMLDivElement>(null);
  const here = place?.uncertainty && place.frameIndex;
  useLayoutEffect(() => {
    const bar = here === undefined ? undefined : bars.current?.children[here];
    if (bar) scrollTo(bar);
  }, [here]);
  if (!place?.uncertainty || place.uncertainty.length < 2) return null;
  const collected = new Set(frames.map(({ id }) => id));
  const most = Math.max(0.05, ...place.uncertainty.map((value) => value ?? 0));
  return (
    <div role="group" aria-label={s.uncertainty}>
      <span className="salt-label">{s.uncertainty}</span>
      <div className="salt-bars" ref={bars}>
        {place.series.frames.map((frame, index) => {
          const value = place.uncertainty?.[index] ?? null;
          const label =
            value === null
              ? s.unsegmentedFrame(index + 1)
              : s.uncertaintyFrame(index + 1, formatPercent(strings.locale, value));
          const height: CSSProperties & { '--salt-height': string } = {
            '--salt-height': value === null ? '0' : `${Math.round(Math.max(0.06, value / most) * 100)}%`,
          };
          return (
            <button
              key={frameId(frame)}
              type="button"
              tabIndex={index === place.frameIndex ? 0 : -1}
              title={label}
              aria-label={label}
              data-here={index === place.frameIndex ? '' : undefined}
              data-collected={collected.has(frameId(frame)) ? '' : undefined}
              style={height}
              onClick={() => void session.goToFrame(index)}
              onKeyDown={(event) => {
                const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
                const next =
                  step === 0 ? undefined : event.currentTarget.parentElement?.children[index + step];
                if (!(next instanceof HTMLElement)) return;
                event.preventDefault();
                event.stopPropagation();
                next.focus();
              }}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Of a long series the strip shows a part: the one with the bar. The panel around it stays where it is. */
function scrollTo(bar: Element): void {
  const strip = bar.parentElement;
  if (!strip) return;
  const { left, right } = bar.getBoundingClientRect();
  const shown = strip.getBoundingClientRect();
  if (left < shown.left || right > shown.right) {
    strip.scrollLeft += (left + right - shown.left - shown.right) / 2;
  }
}
