import { runLength } from '../../../../src/protocol/run-length.ts';
import { baseModel } from '../../workflow/common/source.ts';
import { Segmented } from '../common/Segmented.tsx';
import { formatCount, formatDuration } from '../format.ts';
import { useReason, useSession, useSlice } from '../session-context.ts';

/** How long fine-tuning may take, with what that comes to on this computer. */
export function PresetPicker() {
  const session = useSession();
  const { strings, config } = session;
  const s = strings.train;
  const preset = useSlice(({ settings }) => settings.preset);
  const options = config.presets.map(({ id, label, minutes }) => ({
    value: id,
    label: label ?? nameOf(id, s.presets),
    small: formatDuration(strings.locale, minutes * 60),
  }));
  const custom = preset === 'custom' ? [{ value: 'custom', label: s.presets.custom, small: '…' }] : [];
  return (
    <div>
      <span className="salt-label">{s.preset}</span>
      <Segmented
        label={s.preset}
        value={preset}
        options={[...options, ...custom]}
        onChange={(value) => session.change({ preset: value })}
      />
      <Estimate />
    </div>
  );
}

function Estimate() {
  const { strings, config } = useSession();
  const s = strings.train;
  const settings = useSlice((state) => state.settings);
  const estimate = useSlice((state) => state.estimate);
  const model = useReason((state) => baseModel(state)?.id);
  const seconds =
    estimate?.model === model && estimate?.method === settings.method ? estimate.secondsPerStep : undefined;
  const { preset, customBudget } = settings;
  const chosen = config.presets.find(({ id }) => id === preset);
  const text = (): string => {
    if (seconds === undefined) return s.unmeasured;
    if (chosen) {
      const given = chosen.minutes * 60;
      const length = runLength(given, chosen.leastSteps ?? 0, seconds);
      const steps = formatCount(strings.locale, length.steps);
      return length.seconds > given
        ? s.longer(steps, formatDuration(strings.locale, length.seconds))
        : s.steps(steps);
    }
    if (customBudget.kind === 'epochs') return '';
    return s.takes(formatDuration(strings.locale, customBudget.amount * seconds));
  };
  return (
    <p className="salt-dim" style={{ marginTop: 4 }}>
      {text()}
    </p>
  );
}

function nameOf(id: string, names: Readonly<Record<string, string>>): string {
  return names[id] ?? id;
}
