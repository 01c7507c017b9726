import { Button } from '../common/Button.tsx';
import { formatMoment } from '../format.ts';
import { useSession, useSlice } from '../session-context.ts';

/** Segmentations of this series that were never saved, from a visit that ended before. */
export function Unsaved() {
  const { strings, unsaved } = useSession();
  const s = strings.frames;
  const segmentations = useSlice(({ place }) => place?.unsaved);
  return (
    <>
      {segmentations?.map(({ key, label, frames, keptAt }) => (
        <div key={key} className="salt-card" role="group" aria-label={s.unsaved(label)}>
          <div>
            <strong>{s.unsaved(label)}</strong>
            <p className="salt-dim">{s.unsavedUntil(frames, formatMoment(strings.locale, keptAt))}</p>
          </div>
          <div className="salt-row">
            <Button onPress={() => unsaved.bringBack(key)} hint={s.bringBackHint}>
              {s.bringBack}
            </Button>
            <Button kind="link" onPress={() => unsaved.discard(key)}>
              {s.discard}
            </Button>
          </div>
        </div>
      ))}
    </>
  );
}
