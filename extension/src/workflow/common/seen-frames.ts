import type { Backend } from '../../../../src/protocol/backend.ts';
import type { FramePixels } from '../../../../src/protocol/frames.ts';
import { isRun, lookedAt } from '../../../../src/protocol/runs.ts';
import type { FrameRef, Viewer } from '../../host/viewer.ts';
import type { SessionStore } from '../../store/state.ts';

/** A frame as the model is to see it. @throws SaltError as `Viewer.framePixels` */
export type SeeFrame = (ref: FrameRef) => Promise<FramePixels>;

interface Needs {
  readonly viewer: Viewer;
  readonly backend: Pick<Backend, 'openRun' | 'stillBackground'>;
  readonly store: SessionStore;
}

/**
 * Frames of angiographic runs come with what stands still in the run, unless that is switched off. It is worked out when a frame of the run
 * is first asked for. Where nothing fills or moves, or a run's frames cannot be read, there is none.
 */
export function createSeeFrame({ viewer, backend, store }: Needs): SeeFrame {
  /** By image: whether anything is to be taken off its frames. */
  const opened = new Map<string, Promise<boolean>>();

  const open = (image: string): Promise<boolean> => {
    const earlier = opened.get(image);
    if (earlier) return earlier;
    const opening = openRun(viewer, backend, image).catch((error: unknown) => {
      // Whoever asked for a frame that cannot be read will be told; the others are seen as they are, until all can be read.
      opened.delete(image);
      console.warn('SALT: what stands still in the run could not be worked out', error);
      return false;
    });
    opened.set(image, opening);
    return opening;
  };

  const backgroundOf = async (image: string, frame: FramePixels): Promise<Uint8Array | undefined> => {
    if (!(await open(image))) return undefined;
    const background = await backend.stillBackground(image, frame);
    if (background) return background;
    // The back end was started anew, or has had other runs since.
    opened.delete(image);
    return (await open(image)) ? backend.stillBackground(image, frame) : undefined;
  };

  return async (ref) => {
    const frame = await viewer.framePixels(ref);
    if (!store.getState().settings.subtract || frame.channels !== 1) return frame;
    const background = await backgroundOf(ref.sopInstanceUid, frame);
    return background ? { ...frame, background } : frame;
  };
}

async function openRun(viewer: Viewer, backend: Needs['backend'], image: string): Promise<boolean> {
  const series = viewer.series().find(({ frames }) => frames.some((frame) => frame.sopInstanceUid === image));
  const run = series?.frames.filter((frame) => frame.sopInstanceUid === image) ?? [];
  if (!series || !isRun(series.modality, run.length)) return false;
  const frames: FramePixels[] = [];
  for (const index of lookedAt(run.length)) {
    const ref = run[index];
    if (ref) frames.push(await viewer.framePixels(ref));
  }
  return backend.openRun(image, frames);
}
