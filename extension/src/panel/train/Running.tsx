import { useEffect, useRef, useState } from 'react';
import { Button } from '../common/Button.tsx';
import { Picture } from '../common/Picture.tsx';
import { Progress } from '../common/Progress.tsx';
import { formatCount, formatDuration } from '../format.ts';
import { useSession, useSlice } from '../session-context.ts';
import { Curves } from './Curves.tsx';

/** A run that goes on. */
export function Running() {
  const { strings } = useSession();
  const s = strings.train;
  const training = useSlice((state) => state.training);
  const { status, preparing, log, fraction, secondsLeft, preview, message, name } = training;
  const step = formatCount(strings.locale, log.step);
  const state =
    status === 'ending'
      ? s.ending
      : status === 'preparing'
        ? s.preparing[preparing?.what ?? 'model']
        : log.steps === null
          ? s.stepOnly(step)
          : s.step(step, formatCount(strings.locale, log.steps));
  const left = secondsLeft === null ? '' : s.left(formatDuration(strings.locale, secondsLeft));
  const top = useRef<HTMLDivElement>(null);
  // Frames that were collected for the run have just pushed it out of sight.
  useEffect(() => {
    // In newer browsers it returns a promise, which is no clean-up.
    top.current?.closest('section')?.scrollIntoView({ block: 'start' });
  }, []);
  return (
    <>
      <div ref={top}>
        <div className="salt-row" style={{ marginBottom: 5 }}>
          <span className="salt-grow salt-number">{state}</span>
          <span className="salt-dim salt-number">{left}</span>
        </div>
        <Progress
          label={s.progress}
          fraction={status === 'preparing' ? (preparing?.fraction ?? null) : fraction}
          text={`${name}: ${state} ${left}`}
        />
      </div>
      {(log.loss.length > 0 || preview) && (
        <div className="salt-watch">
          <Curves log={log} />
          {preview && (
            <div title={s.preview}>
              <Picture frame={preview.frame} masks={preview.masks} side={96} label={s.preview} />
            </div>
          )}
        </div>
      )}
      {message !== undefined && <p className="salt-dim">{message}</p>}
      {status !== 'ending' && <StopButtons />}
    </>
  );
}

function StopButtons() {
  const { strings, training } = useSession();
  const s = strings.train;
  const started = useSlice((state) => state.training.log.step > 0);
  const [asking, setAsking] = useState(false);
  if (!asking) {
    return (
      <div className="salt-row">
        <Button onPress={training.pause}>{s.pause}</Button>
        <Button onPress={() => setAsking(true)}>{s.stop}</Button>
      </div>
    );
  }
  return (
    <div className="salt-card" role="group" aria-label={s.stopQuestion}>
      <strong>{s.stopQuestion}</strong>
      <div className="salt-row" data-wrap>
        {started && <Button onPress={training.finish}>{s.keepBest}</Button>}
        <Button kind="danger" onPress={training.discard}>
          {s.discard}
        </Button>
        <Button kind="link" focused onPress={() => setAsking(false)}>
          {s.back}
        </Button>
      </div>
    </div>
  );
}
