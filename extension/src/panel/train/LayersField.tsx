import { useId } from 'react';
import { LAYERS } from '../../store/settings.ts';
import { useSession, useSlice } from '../session-context.ts';

/** Which layers are adapted; at least one. */
export function LayersField() {
  const session = useSession();
  const s = session.strings.train;
  const chosen = useSlice(({ settings }) => settings.layers) ?? LAYERS;
  const toggle = (layer: (typeof LAYERS)[number]): void => {
    const next = LAYERS.filter((other) => (other === layer) !== chosen.includes(other));
    if (next.length === 0) session.say(s.lastLayer);
    else session.change({ layers: next.length === LAYERS.length ? undefined : next });
  };
  const helpId = useId();
  return (
    <div className="salt-field" role="group" aria-label={s.layers} aria-describedby={helpId}>
      <span>
        <span className="salt-help" title={s.help.layers}>
          {s.layers}
        </span>
        <span id={helpId} className="salt-sr">
          {s.help.layers}
        </span>
      </span>
      <div className="salt-row" data-wrap>
        {LAYERS.map((layer) => (
          <label key={layer} className="salt-check">
            <input type="checkbox" checked={chosen.includes(layer)} onChange={() => toggle(layer)} />
            {s.layerNames[layer]}
          </label>
        ))}
      </div>
    </div>
  );
}
