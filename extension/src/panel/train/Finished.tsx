import { Button } from '../common/Button.tsx';
import { Icon } from '../common/Icon.tsx';
import { formatScore } from '../format.ts';
import { useSession, useSlice } from '../session-context.ts';

/** What the last run of this visit came to. */
export function Finished() {
  const { strings, training } = useSession();
  const s = strings.train;
  const result = useSlice((state) => state.training.result);
  const before = useSlice((state) => state.training.log.before);
  if (!result) return null;
  const show = (value: number): string => formatScore(strings.locale, value);
  const score = !result.score
    ? s.finishedUnchecked
    : before
      ? s.finishedBetter(show(before.dice), show(result.score.dice))
      : s.finishedScore(show(result.score.dice));
  return (
    <div className="salt-card" data-kind="good">
      <div className="salt-row">
        <strong className="salt-grow">{s.finished(result.name)}</strong>
        <Button kind="icon" label={strings.close} onPress={training.close}>
          <Icon name="close" />
        </Button>
      </div>
      <p className="salt-dim salt-number">{score}</p>
    </div>
  );
}
