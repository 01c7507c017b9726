import { useState } from 'react';
import { whyNotSave } from '../../workflow/common/reasons.ts';
import { Button } from '../common/Button.tsx';
import { Section } from '../common/Section.tsx';
import { formatBytes } from '../../../../src/protocol/format-bytes.ts';
import { formatTime } from '../format.ts';
import { useReason, useSession, useSlice, useStress } from '../session-context.ts';
import { CodesForm } from './CodesForm.tsx';

export function SaveSection() {
  const { strings, saving } = useSession();
  const s = strings.save;
  const [editing, setEditing] = useState(false);
  const busy = useSlice((state) => state.busy['save'] === true);
  const segmentation = useSlice(({ place }) => place?.segmentation);
  const reason = useReason(whyNotSave);
  const stress = useStress('save');
  return (
    <Section name="save" title={s.title} summary={segmentation?.label ?? ''}>
      {editing && segmentation ? (
        <CodesForm key={segmentation.id} segmentation={segmentation} onDone={() => setEditing(false)} />
      ) : (
        <div className="salt-row">
          <Button
            className="salt-grow"
            {...stress}
            hint={s.saveHint}
            reason={reason}
            onPress={() => saving.save()}
          >
            {busy ? s.saving : s.save}
          </Button>
          <Button hint={s.codesHint} reason={reason} onPress={() => setEditing(true)}>
            {s.codes}
          </Button>
        </div>
      )}
      <Saved />
    </Section>
  );
}

/** Whether what is on screen is in the archive. */
function Saved() {
  const { strings } = useSession();
  const { locale, save: s } = strings;
  const segmentation = useSlice(({ place }) => place?.segmentation);
  const saved = useSlice((state) => state.saved[segmentation?.id ?? '']);
  if (!segmentation) return <p className="salt-dim">{s.nothing}</p>;
  if (!saved) return <p className="salt-dim">{s.unsaved(segmentation.label)}</p>;
  return (
    <p className="salt-dim salt-number">
      {s.savedAt(formatTime(locale, saved.at), formatBytes(saved.bytes, locale))} {saved.stale && s.stale}
    </p>
  );
}
