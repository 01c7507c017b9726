import { Section } from '../common/Section.tsx';
import { useSession, useSlice } from '../session-context.ts';
import { AnnotateActions } from './AnnotateActions.tsx';
import { FrameStrip } from './FrameStrip.tsx';
import { SetFiles } from './SetFiles.tsx';
import { Unsaved } from './Unsaved.tsx';
import { WordPicker } from './WordPicker.tsx';
import { WorkOn } from './WorkOn.tsx';

export function FramesSection() {
  const { strings } = useSession();
  const count = useSlice(({ frames }) => frames.length);
  return (
    <Section name="frames" title={strings.frames.title} summary={strings.frames.count(count)}>
      <Unsaved />
      <WordPicker />
      <WorkOn />
      <AnnotateActions />
      {count === 0 ? <p className="salt-dim">{strings.frames.empty}</p> : <FrameStrip />}
      <SetFiles />
    </Section>
  );
}
