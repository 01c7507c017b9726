import type { Managers } from '../../../extension/src/host/ohif-types.ts';
import { createOhifViewer } from '../../../extension/src/host/ohif-viewer.ts';
import type { SavedSegmentation, Series, Viewer } from '../../../extension/src/host/viewer.ts';
import { difference, pattern } from '../../viewer/pattern.ts';

/** What a test asks of the page; all answers are JSON. */
export interface HostTest {
  readonly viewer: Viewer;
  /** Sums of the values of each frame, and how the first is shown. */
  pixels(): Promise<{
    sums: number[];
    channels: number;
    window: { lower: number; upper: number } | null;
    inverted: boolean;
  }>;
  /** A new segmentation with the pattern on some frames, all of it in one step. */
  paint(frames: readonly number[], words: readonly string[]): Promise<string>;
  /** Pixels that are not as painted, for each of the frames and segments. */
  differences(segmentationId: string, frames: readonly number[], segments: number): number[];
  /** Indices of the frames with any pixel. */
  painted(segmentationId: string): number[];
  count(segmentationId: string, segment: number, frame: number): number;
  /** Milliseconds that one read and one write of a frame take, the best of several. */
  times(segmentationId: string, frame: number): Promise<{ read: number; write: number }>;
  save(segmentationId: string): Promise<SavedSegmentation>;
  /** Opens a stored segmentation as the viewer does, and returns its id. */
  load(sopInstanceUid: string): Promise<string>;
}

declare global {
  var hostTest: HostTest | undefined;
}

interface SegDisplaySet {
  readonly SOPInstanceUID?: string;
  readonly displaySetInstanceUID: string;
  load(options: object): Promise<unknown>;
}

interface Services {
  readonly displaySetService: { getActiveDisplaySets(): readonly SegDisplaySet[] };
  readonly viewportGridService: { getState(): { readonly activeViewportId: string } };
  readonly segmentationService: {
    addSegmentationRepresentation(viewportId: string, representation: object): Promise<void>;
  };
}

const CODE = {
  category: { value: '91723000', scheme: 'SCT', meaning: 'Anatomical Structure' },
  type: { value: '29092000', scheme: 'SCT', meaning: 'Vein' },
} as const;

function hostTest(managers: Managers): HostTest {
  const viewer = createOhifViewer(managers);
  const services = managers.servicesManager.services as Services;
  const series = (): Series => {
    const place = viewer.active();
    if (!place) throw new Error('the viewer shows nothing');
    return place.series;
  };
  const frameOf = (index: number) => {
    const frame = series().frames[index];
    if (!frame) throw new Error(`there is no frame ${index}`);
    return frame;
  };
  const sizeOf = async (index: number) => {
    const { width, height } = await viewer.framePixels(frameOf(index));
    return [width, height] as const;
  };
  return {
    viewer,
    pixels: async () => {
      const frames = await Promise.all(series().frames.map((frame) => viewer.framePixels(frame)));
      const [first] = frames;
      return {
        sums: frames.map(({ values }) => Array.from(values).reduce((sum, value) => sum + value, 0)),
        channels: first?.channels ?? 0,
        window: first?.window ?? null,
        inverted: first?.inverted ?? false,
      };
    },
    paint: async (frames, words) => {
      const { id, segments } = await viewer.createSegmentation(series().id, 'Test', words);
      const writes = await Promise.all(
        frames.map(async (index) => {
          const size = await sizeOf(index);
          return segments.map(({ index: segmentIndex }) => ({
            frame: frameOf(index),
            segmentIndex,
            mask: pattern(...size, index, segmentIndex),
          }));
        }),
      );
      await viewer.writeMasks(id, writes.flat());
      return id;
    },
    differences: (id, frames, segments) =>
      frames.flatMap((index) =>
        Array.from({ length: segments }, (_, i) => {
          const mask = viewer.readMask(id, i + 1, frameOf(index));
          return mask ? difference(pattern(mask.width, mask.height, index, i + 1), mask) : -1;
        }),
      ),
    painted: (id) => {
      const painted = viewer.paintedFrames(id);
      return series().frames.flatMap((frame, index) =>
        painted.some(
          ({ sopInstanceUid, frameNumber }) =>
            sopInstanceUid === frame.sopInstanceUid && frameNumber === frame.frameNumber,
        )
          ? [index]
          : [],
      );
    },
    count: (id, segment, frame) =>
      viewer.readMask(id, segment, frameOf(frame))?.data.reduce((sum, value) => sum + value, 0) ?? -1,
    times: async (id, index) => {
      const mask = pattern(...(await sizeOf(index)), index, 1);
      let [read, write] = [Infinity, Infinity];
      for (let i = 0; i < 5; i++) {
        const start = performance.now();
        viewer.readMask(id, 1, frameOf(index));
        const middle = performance.now();
        await viewer.writeMasks(id, [{ frame: frameOf(index), segmentIndex: 1, mask }]);
        read = Math.min(read, middle - start);
        write = Math.min(write, performance.now() - middle);
      }
      return { read, write };
    },
    save: (id) => {
      const segmentation = viewer.segmentations(series().id).find((info) => info.id === id);
      return viewer.save({
        segmentationId: id,
        description: 'Host test',
        algorithm: { name: 'SALT', version: '0.1.0' },
        segments: (segmentation?.segments ?? []).map(({ index }) => ({
          index,
          code: CODE,
          algorithmType: index === 1 ? ('SEMIAUTOMATIC' as const) : ('MANUAL' as const),
        })),
      });
    },
    load: async (sopInstanceUid) => {
      const displaySets = services.displaySetService.getActiveDisplaySets();
      const stored = displaySets.find(({ SOPInstanceUID }) => SOPInstanceUID === sopInstanceUid);
      if (!stored) throw new Error('the viewer does not list the segmentation');
      await stored.load({ headers: {} });
      const { activeViewportId } = services.viewportGridService.getState();
      const representation = { segmentationId: stored.displaySetInstanceUID, type: 'Labelmap' };
      await services.segmentationService.addSegmentationRepresentation(activeViewportId, representation);
      return stored.displaySetInstanceUID;
    },
  };
}

/** An OHIF extension that hands the viewer, as the panel sees it, to a test. */
export default {
  id: 'ohif-salt-host-test',
  onModeEnter: (managers: Managers) => {
    globalThis.hostTest = hostTest(managers);
  },
};
