import { propertyOf } from '../../../src/imaging/dicom/code.ts';
import type { SegmentedProperty } from '../../../src/imaging/dicom/code.ts';
import type { FrameRef, SaveRequest, Segment, SegmentationInfo } from '../host/viewer.ts';
import { frameId } from '../store/collected-frame.ts';
import { announce, attempt, patch, refusal } from './common/context.ts';
import type { Parts } from './masks/parts.ts';
import { sourceName } from './common/source.ts';
import { shownPlace } from './common/working.ts';
import { isModelsAsOpened } from './masks/as-opened.ts';
import { isOfModel } from './masks/machine-masks.ts';

export type AlgorithmType = SaveRequest['segments'][number]['algorithmType'];

/** Codes that a person looked over. */
export interface ChosenCodes {
  readonly segmentationId: string;
  /** By segment index, which means another word in another segmentation. */
  readonly codes: ReadonlyMap<number, SegmentedProperty>;
}

export interface SavingActions {
  /** @param chosen where the codes are not the usual ones of the words */
  readonly save: (chosen?: ChosenCodes) => Promise<void>;
  /** The code of each segment, by index: the usual one of its word, unless another was saved with it. */
  readonly proposedCodes: (segmentation: SegmentationInfo) => ReadonlyMap<number, SegmentedProperty>;
}

export function createSavingActions(parts: Parts): SavingActions {
  const { viewer, store, strings, working, config, now } = parts;
  const s = strings.save;

  /** What a person chose, until the page is left. */
  const chosenBefore = new Map<string, SegmentedProperty>();
  const keyOf = (id: string, { index, label }: Segment): string => `${id} ${index} ${label}`;

  const proposedCodes: SavingActions['proposedCodes'] = ({ id, segments }) =>
    new Map(
      segments.map((segment) => [
        segment.index,
        chosenBefore.get(keyOf(id, segment)) ?? propertyOf(segment.label, config.codes),
      ]),
    );

  return {
    proposedCodes,
    async save(chosen) {
      await attempt(parts, { name: 'save', where: 'save', title: s.failed }, async () => {
        const { series } = shownPlace(parts, parts.viewer.active());
        const segmentation = working.current(series.id);
        if (!segmentation) throw refusal(strings.reasons.nothingToSave);
        // The archive would get half of it.
        if (store.getState().segmenting.status === 'running') throw refusal(strings.reasons.segmenting);
        if (chosen && chosen.segmentationId !== segmentation.id) throw refusal(s.codesOfAnother);
        if (viewer.paintedFrames(segmentation.id).length === 0)
          throw refusal(strings.reasons.nothingPaintedToSave);
        for (const segment of segmentation.segments) {
          const code = chosen?.codes.get(segment.index);
          if (code) chosenBefore.set(keyOf(segmentation.id, segment), code);
        }
        const codes = proposedCodes(segmentation);
        const algorithmType = algorithmTypeOf(parts, segmentation);
        const source = parts.results.sourceOf(segmentation.id);
        // Who paints on while it is being stored has that still to save.
        const asSaved = parts.keeper.fingerprints(segmentation.id);
        const saved = await viewer.save({
          segmentationId: segmentation.id,
          description: segmentation.label,
          segments: [...codes].map(([index, code]) => ({ index, code, algorithmType })),
          algorithm: {
            name: source ? sourceName(store.getState(), source) : (statedName(segmentation) ?? 'SALT'),
            version: config.version,
          },
        });
        patch(parts, {
          saved: {
            ...store.getState().saved,
            [segmentation.id]: {
              at: now().toISOString(),
              bytes: saved.bytes,
              stale: !parts.keeper.saved(segmentation.id, asSaved),
            },
          },
        });
        const message =
          saved.downloadedAs === undefined
            ? s.saved(saved.frames, saved.sopInstanceUids.length)
            : s.downloaded(saved.frames, saved.downloadedAs);
        viewer.notify('success', s.title, message);
        announce(parts, message);
        if (saved.notListedYet) viewer.notify('info', s.title, s.notListedYet);
      });
    },
  };
}

/**
 * Segment Algorithm Type (PS3.3 C.8.20.4): MANUAL where no model wrote any frame, AUTOMATIC where a model wrote all
 * and nobody changed one, else SEMIAUTOMATIC. Of what was opened from the archive, what the file says.
 */
function algorithmTypeOf(parts: Parts, segmentation: SegmentationInfo): AlgorithmType {
  const { viewer, machine, store } = parts;
  const approved = new Set(store.getState().frames.map(({ id }) => id));
  const painted = viewer.paintedFrames(segmentation.id);
  const isOfFile = isOfModel(segmentation);
  const isByMachine = (frame: FrameRef): boolean =>
    machine.isBasis(segmentation.id, frame) ||
    (isOfFile && machine.noteOf(segmentation.id, frame) === undefined);
  if (!painted.some(isByMachine)) return 'MANUAL';
  const isByHand = (frame: FrameRef): boolean =>
    approved.has(frameId(frame)) ||
    (machine.isTouched(segmentation.id, frame) && !isModelsAsOpened(parts, segmentation, frame));
  const isMixed = segmentation.segments.some(({ stated }) => stated?.type === 'SEMIAUTOMATIC');
  return isMixed || painted.some(isByHand) ? 'SEMIAUTOMATIC' : 'AUTOMATIC';
}

function statedName({ segments }: SegmentationInfo): string | undefined {
  return segments.find(({ stated }) => stated?.name !== undefined)?.stated?.name;
}
