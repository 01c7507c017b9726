import { KNOWN_PROPERTIES } from '../../../../src/imaging/dicom/code.ts';
import type { Code, SegmentedProperty } from '../../../../src/imaging/dicom/code.ts';
import { useSession } from '../session-context.ts';

interface CodeFieldsProps {
  readonly word: string;
  readonly code: SegmentedProperty;
  readonly onChange: (code: SegmentedProperty) => void;
}

/** One segment's code: a known one, or any other by value, scheme and meaning. */
export function CodeFields({ word, code, onChange }: CodeFieldsProps) {
  const s = useSession().strings.save;
  const known = KNOWN_PROPERTIES.find(
    ({ type }) => type.value === code.type.value && type.scheme === code.type.scheme,
  );
  const edit = (part: Partial<Code>): void => onChange({ ...code, type: { ...code.type, ...part } });
  const field = (part: 'value' | 'scheme' | 'meaning', most: number) => (
    <label>
      <span className="salt-label">{s[part]}</span>
      <input
        className="salt-input"
        aria-label={`${word}: ${s[part]}`}
        value={code.type[part]}
        maxLength={most}
        required
        onChange={({ target }) => edit({ [part]: target.value })}
      />
    </label>
  );
  return (
    <div className="salt-stack" role="group" aria-label={word}>
      <div className="salt-field">
        <span>{word}</span>
        <select
          className="salt-input"
          aria-label={`${word}: ${s.known}`}
          value={known?.type.value ?? ''}
          onChange={({ target }) => {
            const chosen = KNOWN_PROPERTIES.find(({ type }) => type.value === target.value);
            if (chosen) onChange(chosen);
          }}
        >
          {!known && <option value="">{s.own}</option>}
          {KNOWN_PROPERTIES.map(({ type }) => (
            <option key={type.value} value={type.value}>
              {type.meaning}
            </option>
          ))}
        </select>
      </div>
      <div style={{ display: 'grid', gridTemplateColumns: '3fr 2fr 4fr', gap: 6 }}>
        {field('value', 16)}
        {field('scheme', 16)}
        {field('meaning', 64)}
      </div>
    </div>
  );
}
