import { useState } from 'react';
import type { Code, SegmentedProperty } from '../../../../src/imaging/dicom/code.ts';
import type { SegmentationInfo } from '../../host/viewer.ts';
import { whyNotSave } from '../../workflow/common/reasons.ts';
import { Button } from '../common/Button.tsx';
import { useReason, useSession } from '../session-context.ts';
import { CodeFields } from './CodeFields.tsx';

interface CodesFormProps {
  /** Another one needs another form: this one keeps the codes that it began with. */
  readonly segmentation: SegmentationInfo;
  readonly onDone: () => void;
}

/** The code of each segment, to be looked over before saving. */
export function CodesForm({ segmentation, onDone }: CodesFormProps) {
  const { strings, saving, say } = useSession();
  const s = strings.save;
  const refused = useReason(whyNotSave);
  const [codes, setCodes] = useState(() => new Map(saving.proposedCodes(segmentation)));
  const isWhole = [...codes.values()].every(({ type }) => hasAll(type));
  const reason = refused ?? (isWhole ? undefined : s.codesMissing);
  const set = (index: number, code: SegmentedProperty): void => setCodes(new Map(codes).set(index, code));
  return (
    <form
      className="salt-card"
      aria-label={s.codesTitle}
      onSubmit={(event) => {
        event.preventDefault();
        if (reason !== undefined) return say(reason);
        void saving.save({ segmentationId: segmentation.id, codes });
        onDone();
      }}
    >
      <div>
        <strong>{s.codesTitle}</strong>
        <p className="salt-dim">{s.codesHint}</p>
      </div>
      {segmentation.segments.map(({ index, label }) => {
        const code = codes.get(index);
        return (
          code && <CodeFields key={index} word={label} code={code} onChange={(next) => set(index, next)} />
        );
      })}
      <div className="salt-row">
        <button
          type="submit"
          className="salt-button"
          data-kind="primary"
          title={reason}
          aria-disabled={reason === undefined ? undefined : true}
        >
          {s.saveWith}
        </button>
        <Button kind="link" onPress={onDone}>
          {strings.cancel}
        </Button>
      </div>
    </form>
  );
}

function hasAll({ value, scheme, meaning }: Code): boolean {
  return [value, scheme, meaning].every((part) => part.trim() !== '');
}
