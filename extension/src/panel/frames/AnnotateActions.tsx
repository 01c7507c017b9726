import { isResult } from '../../workflow/frames/collecting.ts';
import {
  whyNotBrush,
  whyNotCollect,
  whyNotCollectEmpty,
  whyNotCollectPainted,
  whyNotDraft,
} from '../../workflow/common/reasons.ts';
import { Button } from '../common/Button.tsx';
import { Icon } from '../common/Icon.tsx';
import { formatCount } from '../format.ts';
import { useReason, useSession, useSlice, useStress } from '../session-context.ts';

/** From a draft to a frame in the set. */
export function AnnotateActions() {
  const { strings, frames } = useSession();
  const s = strings.frames;
  const drafting = useSlice(({ busy }) => busy['draft'] === true);
  const isCollected = useSlice(
    (state) => state.place !== undefined && state.frames.some(({ id }) => id === state.place?.frameId),
  );
  const segmented = useSlice(isResult);
  const uncollected = useSlice(({ place }) => place?.uncollected ?? 0);
  const noneToCollect = useReason(whyNotCollectPainted);
  const collectLabel = isCollected ? s.collectAgain : segmented ? s.accept : s.collect;
  return (
    <div className="salt-stack">
      <div className="salt-row">
        <Button
          className="salt-grow"
          {...useStress('draft')}
          onPress={frames.draft}
          hint={s.draftHint}
          reason={useReason(whyNotDraft)}
        >
          {drafting ? s.drafting : s.draft}
        </Button>
        <BrushButton tool="brush" />
        <BrushButton tool="eraser" />
      </div>
      <OnFrame />
      <div className="salt-row" data-wrap>
        <Button
          className="salt-grow"
          {...useStress('collect')}
          onPress={frames.collect}
          hint={s.collectHint}
          reason={useReason(whyNotCollect)}
        >
          {collectLabel}
        </Button>
        <Button
          onPress={frames.collectEmpty}
          hint={s.collectEmptyHint}
          reason={useReason(whyNotCollectEmpty)}
        >
          {s.collectEmpty}
        </Button>
      </div>
      <div className="salt-row" data-wrap>
        <Button kind="link" onPress={frames.next} hint={s.nextHint} reason={useReason(whyNotBrush)}>
          <Icon name="next" /> {s.next}
        </Button>
        {uncollected > 1 && (
          <Button kind="link" onPress={frames.collectPainted} reason={noneToCollect}>
            {s.collectPainted(uncollected)}
          </Button>
        )}
      </div>
    </div>
  );
}

function BrushButton({ tool }: { readonly tool: 'brush' | 'eraser' }) {
  const { strings, frames } = useSession();
  return (
    <Button
      label={strings.frames[tool]}
      hint={strings.frames[`${tool}Hint`]}
      onPress={() => frames.brush(tool)}
      reason={useReason(whyNotBrush)}
    >
      <Icon name={tool} />
    </Button>
  );
}

/** What is painted on the frame on screen. */
function OnFrame() {
  const { strings } = useSession();
  const place = useSlice((state) => state.place);
  if (!place) return <p className="salt-dim">{strings.reasons.noImage}</p>;
  const painted = place.painted.filter(({ pixels }) => pixels > 0);
  const text =
    painted.length === 0
      ? strings.frames.unpainted
      : painted
          .map(({ word, pixels }) => strings.frames.painted(word, formatCount(strings.locale, pixels)))
          .join(', ');
  return (
    <p className="salt-dim salt-number">
      {strings.frames.label(place.frameIndex + 1)}: {text}
    </p>
  );
}
