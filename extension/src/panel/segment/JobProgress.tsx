import { Button } from '../common/Button.tsx';
import { Progress } from '../common/Progress.tsx';
import { formatDuration } from '../format.ts';
import { useSession, useSlice } from '../session-context.ts';

/** Segmentation that goes on. */
export function JobProgress() {
  const { strings, segmenting } = useSession();
  const s = strings.segment;
  const { done, total, title, secondsLeft } = useSlice((state) => state.segmenting);
  const text = s.progress(done, total, title);
  const left = secondsLeft === null ? '' : strings.train.left(formatDuration(strings.locale, secondsLeft));
  return (
    <div className="salt-stack">
      <div className="salt-row">
        <span className="salt-grow salt-number salt-ellipsis">{text}</span>
        <span className="salt-dim salt-number">{left}</span>
      </div>
      <Progress label={s.progressLabel} fraction={done / Math.max(1, total)} text={`${text} ${left}`} />
      <div>
        <Button onPress={segmenting.cancel}>{strings.cancel}</Button>
      </div>
    </div>
  );
}
