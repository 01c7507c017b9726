import { currentSource } from '../../workflow/common/source.ts';
import { Field } from '../common/Field.tsx';
import { useReason, useSession, useSlice } from '../session-context.ts';

/** What segments: an adapter, or a model as it was shipped or added. */
export function SourceField() {
  const { strings, adapters: actions } = useSession();
  const s = strings.segment;
  const adapters = useSlice((state) => state.adapters);
  const models = useSlice((state) => state.models);
  const value = useReason((state) => {
    const source = currentSource(state);
    return source ? `${source.kind} ${source.id}` : '';
  });
  const choose = (chosen: string): void => {
    const [kind, ...rest] = chosen.split(' ');
    const id = rest.join(' ');
    if (kind === 'adapter' || kind === 'model') void actions.use({ kind, id });
  };
  return (
    <Field label={s.source} short>
      {({ id }) => (
        <select id={id} className="salt-input" value={value} onChange={({ target }) => choose(target.value)}>
          {value === '' && <option value="">{s.none}</option>}
          {adapters.length > 0 && (
            <optgroup label={s.adapters}>
              {adapters.map((adapter) => (
                <option key={adapter.id} value={`adapter ${adapter.id}`}>
                  {adapter.name}
                </option>
              ))}
            </optgroup>
          )}
          {(['shipped', 'stored'] as const).map((from) => {
            const those = models.filter(({ origin, knowsWords }) => origin === from && knowsWords);
            return (
              those.length > 0 && (
                <optgroup key={from} label={s.models[from]}>
                  {those.map((model) => (
                    <option key={model.id} value={`model ${model.id}`}>
                      {model.title}
                    </option>
                  ))}
                </optgroup>
              )
            );
          })}
        </select>
      )}
    </Field>
  );
}
