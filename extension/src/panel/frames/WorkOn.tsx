import { Field } from '../common/Field.tsx';
import { useSession, useSlice } from '../session-context.ts';

/** Which of several segmentations of the series is painted into, collected from and saved. */
export function WorkOn() {
  const session = useSession();
  const place = useSlice((state) => state.place);
  if (!place || place.choices.length < (place.segmentation ? 2 : 1)) return null;
  return (
    <Field label={session.strings.frames.workOn} short>
      {({ id }) => (
        <select
          id={id}
          className="salt-input"
          value={place.segmentation?.id ?? ''}
          onChange={({ target }) => void session.chooseSegmentation(target.value)}
        >
          {!place.segmentation && <option value="">–</option>}
          {place.choices.map((choice) => (
            <option key={choice.id} value={choice.id}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
