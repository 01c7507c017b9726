import { useRef } from 'react';
import { Field } from '../common/Field.tsx';
import { parseNumber } from '../common/parse-number.ts';
import { useSession, useSlice } from '../session-context.ts';

/** Steps or epochs instead of a time. */
export function BudgetField() {
  const session = useSession();
  const s = session.strings.train;
  const { preset, customBudget } = useSlice((state) => state.settings);
  const isCustom = preset === 'custom';
  /** What emptying the field goes back to. */
  const before = useRef(session.config.preset);
  const type = (text: string): void => {
    if (text === '') return session.change({ preset: before.current });
    const amount = parseNumber(text, { min: 1, max: 100_000, whole: true });
    if (amount === undefined) return;
    if (!isCustom) before.current = preset;
    session.change({ preset: 'custom', customBudget: { ...customBudget, amount } });
  };
  return (
    <Field label={s.budget} help={s.help.budget}>
      {({ id, helpId }) => (
        <div className="salt-row">
          <input
            id={id}
            className="salt-input salt-grow"
            inputMode="numeric"
            aria-describedby={helpId}
            placeholder={s.automatic}
            value={isCustom ? customBudget.amount : ''}
            onChange={({ target }) => type(target.value)}
          />
          <select
            className="salt-input salt-grow"
            aria-label={s.budget}
            value={customBudget.kind}
            onChange={({ target }) =>
              session.change({
                customBudget: { ...customBudget, kind: target.value === 'epochs' ? 'epochs' : 'steps' },
              })
            }
          >
            <option value="steps">{s.budgetKinds.steps}</option>
            <option value="epochs">{s.budgetKinds.epochs}</option>
          </select>
        </div>
      )}
    </Field>
  );
}
