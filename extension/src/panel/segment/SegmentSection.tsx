import { currentSource, sourceName } from '../../workflow/common/source.ts';
import { Section } from '../common/Section.tsx';
import { formatPercent } from '../format.ts';
import { useReason, useSession, useSlice } from '../session-context.ts';
import { JobProgress } from './JobProgress.tsx';
import { Rules } from './Rules.tsx';
import { SegmentActions } from './SegmentActions.tsx';
import { SourceField } from './SourceField.tsx';
import { UncertaintyStrip } from './UncertaintyStrip.tsx';

export function SegmentSection() {
  const { strings } = useSession();
  const s = strings.segment;
  const running = useSlice(({ segmenting }) => segmenting.status === 'running');
  const fraction = useSlice(({ segmenting }) => segmenting.done / Math.max(1, segmenting.total));
  const source = useReason((state) => {
    const current = currentSource(state);
    return current && sourceName(state, current);
  });
  const summary = running ? formatPercent(strings.locale, fraction) : (source ?? s.none);
  return (
    <Section name="segment" title={s.title} summary={summary}>
      <SourceField />
      {running ? <JobProgress /> : <SegmentActions />}
      <UncertaintyStrip />
      <Rules />
    </Section>
  );
}
