import { useRef } from 'react';
import { Field } from '../common/Field.tsx';
import { NumberField } from '../common/NumberField.tsx';
import { formatPercent } from '../format.ts';
import { useSession, useSlice } from '../session-context.ts';

/** How masks are made of probabilities. They move at once where a series has been segmented. */
export function Rules() {
  const session = useSession();
  const { strings, segmenting } = session;
  const s = strings.segment;
  const { threshold, minimumSize, keepMine, subtract } = useSlice((state) => state.settings);
  const live = useSlice(({ place }) => place?.rethreshold === true);
  const isMoved = useRef(false);
  // Whatever ends it: a drag that is cancelled, and keys whose release another window gets, count too.
  const commit = (): void => {
    if (live && isMoved.current) void segmenting.commit({});
    isMoved.current = false;
  };
  return (
    <div className="salt-stack">
      <Field label={s.threshold} help={s.thresholdHint}>
        {({ id, helpId }) => (
          <div className="salt-row">
            <input
              id={id}
              type="range"
              min={1}
              max={99}
              value={Math.round(threshold * 100)}
              aria-describedby={helpId}
              aria-valuetext={formatPercent(strings.locale, threshold)}
              onChange={({ target }) => {
                isMoved.current = true;
                segmenting.preview({ threshold: Number(target.value) / 100 });
              }}
              onPointerUp={commit}
              onPointerCancel={commit}
              onBlur={commit}
              onKeyUp={commit}
              // The viewer's own arrow keys turn pages.
              onKeyDown={(event) => event.stopPropagation()}
            />
            <span className="salt-number" style={{ flex: '0 0 38px', textAlign: 'right' }}>
              {formatPercent(strings.locale, threshold)}
            </span>
          </div>
        )}
      </Field>
      <NumberField
        label={`${s.minimumSize} (${s.pixels})`}
        help={s.minimumSizeHint}
        value={minimumSize}
        min={0}
        max={100_000}
        late
        onChange={(size) => {
          if (size !== undefined && size !== minimumSize) void segmenting.commit({ minimumSize: size });
        }}
      />
      <label className="salt-check">
        <input
          type="checkbox"
          checked={keepMine}
          onChange={({ target }) => session.change({ keepMine: target.checked })}
        />
        {s.keepMine}
      </label>
      <label className="salt-check" title={s.subtractHint}>
        <input
          type="checkbox"
          checked={subtract}
          onChange={({ target }) => session.change({ subtract: target.checked })}
        />
        {s.subtract}
      </label>
    </div>
  );
}
