import { whyNotSegment, whyNotSegmentAll } from '../../workflow/common/reasons.ts';
import { Button } from '../common/Button.tsx';
import { useReason, useSession, useSlice, useStress } from '../session-context.ts';

export function SegmentActions() {
  const { strings, segmenting } = useSession();
  const s = strings.segment;
  const reason = useReason(whyNotSegment);
  const reasonForAll = useReason(whyNotSegmentAll);
  const several = useSlice(({ openSeries }) => openSeries > 1);
  const { status, warnings } = useSlice((state) => state.segmenting);
  const done = status === 'done';
  return (
    <div className="salt-stack">
      <div className="salt-row" data-wrap>
        <Button
          className="salt-grow"
          {...useStress('segment')}
          reason={reason}
          onPress={() => segmenting.segment('series')}
        >
          {s.series}
        </Button>
        <Button className="salt-grow" reason={reason} onPress={() => segmenting.segment('frame')}>
          {s.frame}
        </Button>
        {several && (
          <Button className="salt-grow" reason={reasonForAll} onPress={() => segmenting.segment('all')}>
            {s.all}
          </Button>
        )}
      </div>
      {done && <p className="salt-dim">{s.correct}</p>}
      {warnings.map((warning) => (
        <p key={warning} className="salt-card salt-small" data-kind="warning">
          {warning}
        </p>
      ))}
    </div>
  );
}
