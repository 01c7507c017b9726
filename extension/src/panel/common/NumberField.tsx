import { useState } from 'react';
import { Field } from './Field.tsx';

interface NumberFieldProps {
  readonly label: string;
  readonly help: string;
  readonly value: number | undefined;
  readonly placeholder?: string;
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
  /** Undefined when the field is emptied. Values outside the range are not passed on. */
  readonly onChange: (value: number | undefined) => void;
}

/** Keeps what is typed until it is a number in range, so that typing is never undone. */
export function NumberField(props: NumberFieldProps) {
  const { label, help, value, placeholder, min, max, whole = true, onChange } = props;
  const [typed, setTyped] = useState<string>();
  const change = (text: string): void => {
    setTyped(text);
    if (text.trim() === '') return onChange(undefined);
    const number = Number(text.replace(',', '.'));
    if (Number.isFinite(number) && number >= min && number <= max && (!whole || Number.isInteger(number))) {
      onChange(number);
    }
  };
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
          onChange={({ target }) => change(target.value)}
          onBlur={() => setTyped(undefined)}
        />
      )}
    </Field>
  );
}
