import { useState } from 'react';
import type { Source } from '../../../../src/protocol/backend.ts';
import { whyNotCompare } from '../../workflow/common/reasons.ts';
import { currentSource } from '../../workflow/common/source.ts';
import { Button } from '../common/Button.tsx';
import { Field } from '../common/Field.tsx';
import { formatPixels, formatScore } from '../format.ts';
import { useReason, useSession, useSlice } from '../session-context.ts';

/** Scores what is in use and another side by side. */
export function Compare() {
  const { strings, adapters: actions, store } = useSession();
  const s = strings.adapters;
  const adapters = useSlice((state) => state.adapters);
  const models = useSlice((state) => state.models);
  const busy = useSlice((state) => state.busy['compare'] === true);
  const reason = useReason(whyNotCompare);
  const inUse = useReason((state) => currentSource(state)?.id);
  const [chosen, setChosen] = useState<string>();
  const others = [
    ...adapters.map(({ id, name }) => ({ source: { kind: 'adapter', id } satisfies Source, name })),
    ...models
      .filter(({ knowsWords }) => knowsWords)
      .map(({ id, title }) => ({ source: { kind: 'model', id } satisfies Source, name: title })),
  ].filter(({ source }) => source.id !== inUse);
  const other = others.find(({ source }) => source.id === chosen) ?? others[0];
  if (adapters.length === 0 || !other) return null;
  const compare = (): unknown => {
    const current = currentSource(store.getState());
    return current && actions.compare([current, other.source]);
  };
  return (
    <div className="salt-stack">
      <Field label={s.compareWith}>
        {({ id }) => (
          <div className="salt-row">
            <select
              id={id}
              className="salt-input salt-grow"
              value={other.source.id}
              onChange={({ target }) => setChosen(target.value)}
            >
              {others.map(({ source, name }) => (
                <option key={source.id} value={source.id}>
                  {name}
                </option>
              ))}
            </select>
            <Button reason={reason} onPress={compare}>
              {busy ? s.comparing : s.compare}
            </Button>
          </div>
        )}
      </Field>
      <Comparison />
    </div>
  );
}

function Comparison() {
  const { strings } = useSession();
  const { locale, adapters: s } = strings;
  const comparison = useSlice((state) => state.comparison);
  if (!comparison) return null;
  return (
    <div>
      <table className="salt-table salt-number">
        <thead>
          <tr>
            <th scope="col">{s.name}</th>
            <th scope="col">{strings.train.dice}</th>
            <th scope="col">{s.hd95Plain}</th>
          </tr>
        </thead>
        <tbody>
          {comparison.rows.map(({ name, score }) => (
            <tr key={name}>
              <td>{name}</td>
              <td>{score ? formatScore(locale, score.dice) : '–'}</td>
              <td>{score ? formatPixels(locale, score.hd95) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="salt-dim">{s.comparedOn(comparison.frames, comparison.trainedOn)}</p>
    </div>
  );
}
