import { memo, useMemo } from 'react';
import type { Role } from '../../../../src/protocol/frames.ts';
import { positionOf } from '../../store/collected-frame.ts';
import type { CollectedFrame } from '../../store/collected-frame.ts';
import { countPixels } from '../../workflow/masks/masks.ts';
import { paintedPart } from '../../workflow/masks/painted-part.ts';
import { Button } from '../common/Button.tsx';
import { Icon } from '../common/Icon.tsx';
import { Picture } from '../common/Picture.tsx';
import { useSession } from '../session-context.ts';

interface FrameCardProps {
  readonly collected: CollectedFrame;
  readonly role: Role;
  readonly isHere: boolean;
}

/** A frame of the set: press the picture to go there, the badge to change its role. */
export const FrameCard = memo(function FrameCard({ collected, role, isHere }: FrameCardProps) {
  const { strings, frames } = useSession();
  const s = strings.frames;
  const { id, frame, masks, seriesDescription } = collected;
  const words = useMemo(
    () => masks.filter(({ mask }) => countPixels(mask) > 0).map(({ word }) => word),
    [masks],
  );
  const part = useMemo(() => paintedPart(collected), [collected]);
  const isPart = part !== undefined;
  const position = positionOf(collected);
  const place = s.jump(position, seriesDescription);
  const other: Role = role === 'train' ? 'heldOut' : 'train';
  return (
    <li className="salt-thumb" data-here={isHere ? '' : undefined}>
      <button
        type="button"
        className="salt-jump"
        title={place}
        aria-label={place}
        onClick={() => void frames.jump(id)}
      >
        <Picture frame={frame} masks={masks} part={part} side={110} />
      </button>
      <Button
        kind="icon"
        className="salt-thumb-remove"
        label={s.remove(position)}
        onPress={() => frames.remove(id)}
      >
        <Icon name="close" />
      </Button>
      <div className="salt-thumb-foot">
        <div className="salt-ellipsis salt-number" title={seriesDescription}>
          {s.label(position)} <span className="salt-dim">{seriesDescription}</span>
        </div>
        <div className="salt-ellipsis" title={words.join(', ')}>
          {words.length === 0 ? s.nothing : words.join(', ')}
        </div>
        <div className="salt-badges">
          <button
            type="button"
            className="salt-badge"
            data-role={role}
            title={role === 'train' ? s.trainHint : s.heldOutHint}
            onClick={() => void frames.setRole(id, other)}
          >
            {role === 'train' ? s.train : s.heldOut}
          </button>
          {words.length > 0 && (
            <button
              type="button"
              className="salt-badge"
              data-part={isPart ? '' : undefined}
              title={isPart ? s.partHint : s.wholeHint}
              onClick={() => void frames.setPaintedPartOnly(id, !isPart)}
            >
              {isPart ? s.part : s.whole}
            </button>
          )}
        </div>
      </div>
    </li>
  );
});
