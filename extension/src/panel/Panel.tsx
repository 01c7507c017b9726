import { useEffect, useInsertionEffect, useRef } from 'react';
import type { KeyboardEvent } from 'react';
import type { Session } from '../workflow/session.ts';
import { AdaptersSection } from './adapters/AdaptersSection.tsx';
import { DeviceLine } from './DeviceLine.tsx';
import { FramesSection } from './frames/FramesSection.tsx';
import { keepFocus } from './keep-focus.ts';
import { SaveSection } from './save/SaveSection.tsx';
import { SegmentSection } from './segment/SegmentSection.tsx';
import { SessionProvider, useSession, useSlice } from './session-context.ts';
import { injectStyles } from './styles.ts';
import { TrainSection } from './train/TrainSection.tsx';
import { UndoBar } from './UndoBar.tsx';

/** The panel "SALT fine-tune". It draws what the session holds and may come and go as the viewer likes. */
export function Panel({ session }: { readonly session: Session }) {
  useInsertionEffect(injectStyles, []);
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => (panel.current ? keepFocus(panel.current) : undefined), []);
  return (
    <SessionProvider value={session}>
      <div
        ref={panel}
        className="salt-panel"
        lang={session.strings.locale}
        role="region"
        aria-label={session.strings.title}
        onKeyDown={keepPresses}
      >
        <div className="salt-scroll">
          <DeviceLine />
          <Sections />
        </div>
        <UndoBar />
        <Announcer />
      </div>
    </SessionProvider>
  );
}

/** The viewer's own hotkeys would take them as well: the space bar that presses a button also resets the image. */
function keepPresses(event: KeyboardEvent): void {
  if ([' ', 'Enter', 'Escape'].includes(event.key)) event.stopPropagation();
}

function Sections() {
  const ready = useSlice((state) => state.ready);
  const lasting = useSlice((state) => state.lasting);
  const { strings } = useSession();
  if (!ready) return <p className="salt-body salt-dim">{strings.loading}</p>;
  return (
    <>
      {!lasting && (
        <div className="salt-body">
          <p className="salt-card salt-small" data-kind="warning">
            {strings.notLasting}
          </p>
        </div>
      )}
      <FramesSection />
      <TrainSection />
      <SegmentSection />
      <SaveSection />
      <AdaptersSection />
    </>
  );
}

/** Tells screen readers what has just happened. */
function Announcer() {
  const announcement = useSlice((state) => state.announcement);
  return (
    <div className="salt-sr" role="status" aria-live="polite">
      {announcement}
    </div>
  );
}
