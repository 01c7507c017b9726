import { Field } from '../common/Field.tsx';
import { useSession, useSlice } from '../session-context.ts';

/** Steps or epochs instead of a time. */
export function BudgetField() {
  const session = useSession();
  const s = session.strings.train;
  const { preset, customBudget } = useSlice((state) => state.settings);
  const isCustom = preset === 'custom';
  const change = (amount: number, kind: 'steps' | 'epochs'): void => {
    if (Number.isInteger(amount) && amount >= 1 && amount <= 100_000) {
      session.change({ preset: 'custom', customBudget: { kind, amount } });
    }
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
            onChange={({ target }) => {
              if (target.value === '') session.change({ preset: session.config.preset });
              else change(Number(target.value), customBudget.kind);
            }}
          />
          <select
            className="salt-input salt-grow"
            aria-label={s.budget}
            value={customBudget.kind}
            onChange={({ target }) =>
              change(customBudget.amount, target.value === 'epochs' ? 'epochs' : 'steps')
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
