import { METHODS } from '../../store/settings.ts';
import { Field } from '../common/Field.tsx';
import { NumberField } from '../common/NumberField.tsx';
import { useSession, useSlice } from '../session-context.ts';
import { BudgetField } from './BudgetField.tsx';
import { LayersField } from './LayersField.tsx';
import { ModelField } from './ModelField.tsx';

/** Everything that has a sensible value already. */
export function Advanced() {
  const session = useSession();
  const s = session.strings.train;
  const open = useSlice(({ settings }) => settings.advanced);
  const settings = useSlice((state) => state.settings);
  const { method } = settings;
  return (
    <details
      className="salt-more"
      open={open}
      onToggle={({ currentTarget }) => {
        if (currentTarget.open !== open) session.change({ advanced: currentTarget.open });
      }}
    >
      <summary>{s.advanced}</summary>
      <div className="salt-stack">
        <ModelField />
        <Field label={s.method} help={s.help.method}>
          {({ id, helpId }) => (
            <select
              id={id}
              className="salt-input"
              aria-describedby={helpId}
              value={method}
              onChange={({ target }) => {
                const chosen = METHODS.find((name) => name === target.value);
                if (chosen) session.change({ method: chosen });
              }}
            >
              {METHODS.map((name) => (
                <option key={name} value={name}>
                  {s.methods[name]}
                </option>
              ))}
            </select>
          )}
        </Field>
        {method !== 'ssam' && <RankField key={method} />}
        {method === 'salt' && (
          <NumberField
            label={s.loraRank}
            help={s.help.loraRank}
            value={settings.loraRank}
            placeholder={s.automatic}
            min={1}
            max={4096}
            onChange={(loraRank) => session.change({ loraRank })}
          />
        )}
        <LayersField />
        <BudgetField />
        <NumberField
          label={s.learningRate}
          help={s.help.learningRate}
          value={settings.learningRate}
          placeholder={s.automatic}
          min={1e-9}
          max={1}
          whole={false}
          onChange={(learningRate) => session.change({ learningRate })}
        />
        <NumberField
          label={`${s.heldOutShare} (%)`}
          help={s.help.heldOutShare}
          value={Math.round(settings.heldOutShare * 100)}
          min={0}
          max={90}
          onChange={(percent) => percent !== undefined && session.change({ heldOutShare: percent / 100 })}
        />
        <NumberField
          label={s.seed}
          help={s.help.seed}
          value={settings.seed}
          min={0}
          max={Number.MAX_SAFE_INTEGER}
          onChange={(seed) => seed !== undefined && session.change({ seed })}
        />
      </div>
    </details>
  );
}

/** Of SALT the number of singular values, of LoRA its rank. */
function RankField() {
  const session = useSession();
  const s = session.strings.train;
  const { method, rank } = useSlice((state) => state.settings);
  const isLora = method === 'lora';
  return (
    <NumberField
      label={isLora ? s.loraRankOfLora : s.rank}
      help={isLora ? s.help.loraRankOfLora : s.help.rank}
      value={rank}
      placeholder={s.automatic}
      min={1}
      max={4096}
      onChange={(value) => session.change({ rank: value })}
    />
  );
}
