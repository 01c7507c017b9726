/** A viewer in memory: labelmaps as arrays, frames as drawn noise with a dark line in it. */
import type {
  FrameRef,
  MaskWrite,
  Place,
  SaveRequest,
  Segment,
  SegmentationInfo,
  Series,
  Viewer,
  WriteOptions,
} from '../../extension/src/host/viewer.ts';
import { fingerprint } from '../../extension/src/host/fingerprint.ts';
import type { FramePixels, MaskPixels } from '../../src/protocol/frames.ts';
import type { Colour } from '../../src/protocol/segment-colours.ts';

export const SIDE = 16;

export interface FakeViewer extends Viewer {
  readonly notices: { readonly level: string; readonly title: string; readonly message: string }[];
  readonly saves: SaveRequest[];
  readonly brush: { tool: string; segmentationId: string; segmentIndex: number } | undefined;
  /** Steps that the viewer's own undo would take back. */
  readonly undoSteps: number;
  readonly open: (series: Series, frameIndex?: number) => void;
  /** Takes a series away, as opening another study does. */
  readonly close: (series: Series) => void;
  /** As a person does it: what is under the stroke becomes the segment's. */
  readonly paint: (
    segmentationId: string,
    segmentIndex: number,
    frame: FrameRef,
    pixels: readonly number[],
  ) => void;
  readonly erase: (segmentationId: string, frame: FrameRef, pixels: readonly number[]) => void;
  /** As if it had been opened from a file that says so. */
  readonly state: (segmentationId: string, stated: NonNullable<Segment['stated']>) => void;
  /** As a mode for reading alone. */
  readonly loseBrush: () => void;
  /** As a person chooses it in the viewer's own list. */
  readonly colour: (segmentationId: string, segmentIndex: number, colour: Colour) => void;
  /** Made to fail: the next call of this method throws. */
  readonly failNext: (method: 'framePixels' | 'save', error: Error) => void;
}

export function makeSeries(
  id: string,
  count: number,
  { patientId = 'P1', description = `Run ${id}` }: { patientId?: string; description?: string } = {},
): Series {
  return {
    id,
    studyInstanceUid: `1.2.${id}`,
    seriesInstanceUid: `1.2.${id}.1`,
    description,
    modality: 'XA',
    patientId,
    frames: Array.from({ length: count }, (_, index) => ({
      studyInstanceUid: `1.2.${id}`,
      seriesInstanceUid: `1.2.${id}.1`,
      sopInstanceUid: `1.2.${id}.1.1`,
      frameNumber: index + 1,
    })),
  };
}

const key = (frame: FrameRef): string => `${frame.sopInstanceUid} ${frame.frameNumber}`;

/** @param side of a frame in pixels */
export function createFakeViewer(all: readonly Series[], side = SIDE): FakeViewer {
  let place: Place | undefined = all[0] && { series: all[0], frameIndex: 0 };
  const closed = new Set<Series>();
  let count = 0;
  let undoSteps = 0;
  let hasBrush = true;
  let brush: FakeViewer['brush'];
  /** As the viewer has it: a segmentation of each series, and a segment of each segmentation. */
  const activeOn = new Map<string, string>();
  const activeIn = new Map<string, number>();
  const activeListeners = new Set<() => void>();
  const maskListeners = new Set<(id: string) => void>();
  const infos = new Map<string, SegmentationInfo>();
  const labels = new Map<string, Map<string, Uint8Array>>();
  const failures = new Map<string, Error>();
  const colours = new Map<string, Colour>();
  const notices: FakeViewer['notices'] = [];
  const saves: SaveRequest[] = [];

  const tellActive = (): void => activeListeners.forEach((listener) => listener());
  const tellMask = (id: string): void => maskListeners.forEach((listener) => listener(id));
  const failing = (method: string): void => {
    const error = failures.get(method);
    failures.delete(method);
    if (error) throw error;
  };
  const labelsOf = (id: string, frame: FrameRef): Uint8Array => {
    const frames = labels.get(id) ?? new Map<string, Uint8Array>();
    labels.set(id, frames);
    const found = frames.get(key(frame)) ?? new Uint8Array(side * side);
    frames.set(key(frame), found);
    return found;
  };
  const info = (id: string): SegmentationInfo => {
    const found = infos.get(id);
    if (!found) throw new Error(`no segmentation ${id}`);
    return found;
  };

  return {
    notices,
    saves,
    get brush() {
      return brush;
    },
    get undoSteps() {
      return undoSteps;
    },
    open(series, frameIndex = 0) {
      place = { series, frameIndex };
      tellActive();
    },
    close(series) {
      closed.add(series);
      if (place?.series === series) place = undefined;
      tellActive();
    },
    paint(id, segmentIndex, frame, pixels) {
      const map = labelsOf(id, frame);
      for (const at of pixels) map[at] = segmentIndex;
      undoSteps++;
      tellMask(id);
    },
    erase(id, frame, pixels) {
      const map = labelsOf(id, frame);
      for (const at of pixels) map[at] = 0;
      undoSteps++;
      tellMask(id);
    },
    colour: (id, index, colour) => void colours.set(`${id} ${index}`, colour),
    loseBrush() {
      hasBrush = false;
      tellActive();
    },
    failNext: (method, error) => void failures.set(method, error),

    active: () => place,
    onActiveChange(listener) {
      activeListeners.add(listener);
      return () => activeListeners.delete(listener);
    },
    series: () => all.filter((series) => !closed.has(series)),
    async framePixels(frame) {
      failing('framePixels');
      return drawFrame(side, frame.frameNumber);
    },
    sourceAttributes: () => ({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.12.1',
      NumberOfFrames: '6',
      ImagerPixelSpacing: '0.3\\0.3',
    }),
    async goTo(frame) {
      for (const series of all) {
        const index = series.frames.findIndex((other) => key(other) === key(frame));
        if (index >= 0) place = { series, frameIndex: index };
      }
      tellActive();
    },
    segmentations: (seriesId) => [...infos.values()].filter((one) => one.seriesId === seriesId),
    activeSegmentation: () => place && activeOn.get(place.series.id),
    activeSegment: (id) => activeIn.get(id),
    segmentColour: (id, index) => colours.get(`${id} ${index}`),
    async createSegmentation(seriesId, label, words) {
      const id = `seg-${++count}`;
      const segments = words.map((word, index) => ({ index: index + 1, label: word }));
      const created = { id, label, seriesId, segments };
      infos.set(id, created);
      activeIn.set(id, 1);
      if (place?.series.id === seriesId) activeOn.set(seriesId, id);
      tellMask(id);
      return created;
    },
    async ensureSegment(id, word) {
      const { segments } = info(id);
      const found = segments.find(({ label }) => label === word);
      if (found) return found;
      const segment = { index: segments.length + 1, label: word };
      infos.set(id, { ...info(id), segments: [...segments, segment] });
      return segment;
    },
    state: (id, stated) =>
      void infos.set(id, { ...info(id), segments: info(id).segments.map((one) => ({ ...one, stated })) }),
    removeSegmentation(id) {
      infos.delete(id);
      labels.delete(id);
      tellMask(id);
    },
    async activateSegment(segmentationId, segmentIndex) {
      activeOn.set(info(segmentationId).seriesId, segmentationId);
      activeIn.set(segmentationId, segmentIndex);
      tellActive();
    },
    hasBrush: () => hasBrush,
    takeBrush(tool) {
      const segmentationId = (place && activeOn.get(place.series.id)) ?? '';
      brush = { tool, segmentationId, segmentIndex: activeIn.get(segmentationId) ?? 0 };
    },
    readMask(id, segmentIndex, frame): MaskPixels | undefined {
      const map = labels.get(id)?.get(key(frame));
      const data = map?.map((label) => (label === segmentIndex ? 1 : 0));
      return data && { width: side, height: side, data };
    },
    fingerprint(id, frame) {
      const map = labels.get(id)?.get(key(frame));
      return map ? fingerprint([map]) : 0;
    },
    paintedFrames(id) {
      const series = all.find((one) => one.id === info(id).seriesId);
      return (series?.frames ?? []).filter((frame) =>
        labels
          .get(id)
          ?.get(key(frame))
          ?.some((one) => one > 0),
      );
    },
    async writeMasks(id, writes: readonly MaskWrite[], options: WriteOptions = {}) {
      const spared = new Set(writes.map(({ frame }) => frame).filter((frame) => options.unless?.(frame)));
      for (const { frame, segmentIndex, mask } of writes) {
        if (spared.has(frame)) continue;
        const map = labelsOf(id, frame);
        mask.data.forEach((pixel, at) => {
          if (pixel) map[at] = segmentIndex;
          else if (map[at] === segmentIndex) map[at] = 0;
        });
      }
      for (const { frame } of writes) if (!spared.has(frame)) options.onWritten?.(frame);
      if (options.undoable !== false) undoSteps++;
      tellMask(id);
    },
    onMaskChange(listener) {
      maskListeners.add(listener);
      return () => maskListeners.delete(listener);
    },
    async save(request) {
      failing('save');
      saves.push(request);
      return { sopInstanceUids: ['1.9'], bytes: 3456, frames: 3 };
    },
    notify: (level, title, message) => void notices.push({ level, title, message }),
  };
}

/** Grey with a dark line two pixels wide, which moves with the frame's number. */
export function drawFrame(side: number, number: number): FramePixels {
  const values = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const centre = side / 2 + (side / 4) * Math.sin(y / (side / 6) + number / 3);
      const far = Math.abs(x - centre);
      const ground = 150 + 40 * Math.sin((x * 3) / side + number) * Math.cos((y * 2) / side);
      values[y * side + x] = far < Math.max(1, side / 40) ? 40 : ground;
    }
  }
  return { width: side, height: side, channels: 1, values };
}
