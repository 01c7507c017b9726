import { useState } from 'react';
import { Field } from './Field.tsx';
import { parseNumber } from './parse-number.ts';

interface NumberFieldProps {
  readonly label: string;
  readonly help: string;
  readonly value: number | undefined;
  readonly placeholder?: string;
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
  /** Passes the number on when the field is left or Enter is pressed, for what takes long. */
  readonly late?: boolean;
  /** Undefined when the field is emptied. What is no number in range is not passed on. */
  readonly onChange: (value: number | undefined) => void;
}

/** Keeps what is typed until it is a number in range, so that typing is never undone, and says when it is none. */
export function NumberField(props: NumberFieldProps) {
  const { label, help, value, placeholder, min, max, whole = true, late = false, onChange } = props;
  const [typed, setTyped] = useState<string>();
  const pass = (text: string): void => {
    const number = parseNumber(text, { min, max, whole });
    if (number !== undefined || text.trim() === '') onChange(number);
  };
  const finish = (): void => {
    if (late && typed !== undefined) pass(typed);
    setTyped(undefined);
  };
  const isWrong = (typed ?? '').trim() !== '' && parseNumber(typed ?? '', { min, max, whole }) === undefined;
  return (
    <Field label={label} help={help}>
      {({ id, helpId }) => (
        <input
          id={id}
          className="salt-input"
          inputMode={whole ? 'numeric' : 'decimal'}
          value={typed ?? value ?? ''}
          placeholder={placeholder}
          aria-describedby={helpId}
          aria-invalid={isWrong || undefined}
          title={isWrong ? `${min}–${max}` : undefined}
          onChange={({ target }) => {
            setTyped(target.value);
            if (!late) pass(target.value);
          }}
          onKeyDown={({ key }) => {
            if (key === 'Enter' && !isWrong) finish();
          }}
          onBlur={finish}
        />
      )}
    </Field>
  );
}
