import { assignRoles } from '../../store/roles.ts';
import { useMemo } from 'react';
import { whyNotTrain } from '../../workflow/common/reasons.ts';
import { earlierAdapter } from '../../workflow/common/source.ts';
import { Button } from '../common/Button.tsx';
import { Section } from '../common/Section.tsx';
import { formatPercent } from '../format.ts';
import { useReason, useSession, useSlice, useStress } from '../session-context.ts';
import { Advanced } from './Advanced.tsx';
import { Finished } from './Finished.tsx';
import { PresetPicker } from './PresetPicker.tsx';
import { Running } from './Running.tsx';
import { Unfinished } from './Unfinished.tsx';

export function TrainSection() {
  const { strings } = useSession();
  const s = strings.train;
  const status = useSlice(({ training }) => training.status);
  const fraction = useSlice(({ training }) => Math.round(training.fraction * 100) / 100);
  const ready = useReadiness();
  const running = status === 'preparing' || status === 'running' || status === 'ending';
  const summary = running ? formatPercent(strings.locale, fraction) : ready;
  return (
    <Section name="train" title={s.title} summary={summary}>
      {running ? (
        <Running />
      ) : (
        <>
          <Unfinished />
          <Finished />
          <PresetPicker />
          <GoOn />
          <StartButton />
          <Advanced />
        </>
      )}
    </Section>
  );
}

/** Whether the next run starts from what the last one learnt. */
function GoOn() {
  const session = useSession();
  const s = session.strings.train;
  const name = useSlice((state) => earlierAdapter(state)?.name);
  const goOn = useSlice(({ settings }) => settings.goOn);
  if (name === undefined) return null;
  return (
    <label className="salt-check" title={s.help.goOn}>
      <input
        type="checkbox"
        checked={goOn}
        onChange={({ target }) => session.change({ goOn: target.checked })}
      />
      {s.goOn(name)}
    </label>
  );
}

function StartButton() {
  const { strings, training } = useSession();
  const uncollected = useSlice(({ place }) => place?.uncollected ?? 0);
  return (
    <>
      {uncollected > 0 && <p className="salt-dim">{strings.train.alsoCollects(uncollected)}</p>}
      <Button
        {...useStress('train')}
        wide
        onPress={training.start}
        hint={strings.train.startHint}
        reason={useReason(whyNotTrain)}
      >
        {strings.train.start}
      </Button>
    </>
  );
}

/** How many frames there are to train on and to check with. */
function useReadiness(): string {
  const { strings } = useSession();
  const frames = useSlice((state) => state.frames);
  const share = useSlice(({ settings }) => settings.heldOutShare);
  const roles = useMemo(() => [...assignRoles(frames, share).values()], [frames, share]);
  const heldOut = roles.filter((role) => role === 'heldOut').length;
  return strings.train.ready(roles.length - heldOut, heldOut);
}
