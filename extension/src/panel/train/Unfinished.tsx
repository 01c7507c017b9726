import { whyNotResume } from '../../workflow/common/reasons.ts';
import { Button } from '../common/Button.tsx';
import { useReason, useSession, useSlice } from '../session-context.ts';

/** Runs that were paused, or whose tab or device was lost. */
export function Unfinished() {
  const { strings, training, adapters } = useSession();
  const s = strings.train;
  const runs = useSlice(({ unfinished }) => unfinished);
  const reason = useReason(whyNotResume);
  return (
    <>
      {runs.map(({ id, choices, step, frames }) => (
        <div key={id} className="salt-card" role="group" aria-label={s.unfinished(choices.name)}>
          <div>
            <strong>{s.unfinished(choices.name)}</strong>
            <p className="salt-dim">{s.unfinishedAt(step, frames)}</p>
          </div>
          <div className="salt-row">
            <Button onPress={() => training.resume(id)} reason={reason}>
              {s.resume}
            </Button>
            <Button kind="link" onPress={() => adapters.discardUnfinished(id)}>
              {s.discard}
            </Button>
          </div>
        </div>
      ))}
    </>
  );
}
