import { useMemo } from 'react';
import { assignRoles } from '../../store/roles.ts';
import { useSession, useSlice } from '../session-context.ts';
import { FrameCard } from './FrameCard.tsx';

/** The collected set, newest first. */
export function FrameStrip() {
  const { strings } = useSession();
  const frames = useSlice((state) => state.frames);
  const share = useSlice(({ settings }) => settings.heldOutShare);
  const here = useSlice(({ place }) => place?.frameId);
  const roles = useMemo(() => assignRoles(frames, share), [frames, share]);
  return (
    <ul className="salt-strip" aria-label={strings.frames.count(frames.length)}>
      {[...frames].reverse().map((frame) => (
        <FrameCard
          key={frame.id}
          collected={frame}
          role={roles.get(frame.id) ?? 'train'}
          isHere={frame.id === here}
        />
      ))}
    </ul>
  );
}
