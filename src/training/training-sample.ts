import type { Frame, Mask } from '../imaging/frame.ts';
import type { Region } from '../protocol/frames.ts';
import type { Sample } from '../imaging/dataset.ts';
import { SaltError } from '../protocol/errors.ts';

/** One annotated frame, with a mask for each word that it was annotated with. */
export interface TrainingSample {
  /** Unique within the run. */
  readonly id: string;
  loadFrame(): Promise<Frame>;
  /** Masks of the frame's size by word. An empty mask says that the structure is not there. */
  readonly masks: ReadonlyMap<string, () => Promise<Mask>>;
  /** Whether the masks are a model's that a person corrected; `forgiveEdges` leaves their rims alone. */
  readonly drafted?: true;
  /** Where the frame shows anything at all; absent when not known. */
  readonly loadFieldOfView?: () => Promise<Mask>;
  /** The part of the frame that the masks speak of; all of it when absent. The whole frame is seen either way. */
  readonly region?: Region;
  /** Samples of one patient or study share it; absent when not known. */
  readonly group?: string;
  /** As the data set names it, e.g. `train`, `val`, `test`. */
  readonly split?: string;
  /** Where a person chose the side; see `splitSamples`. */
  readonly role?: 'train' | 'heldOut';
}

/**
 * The frames of a data set are much alike, so that one says what kind they are.
 * @throws SaltError `DATASET_INVALID` without samples, and what loading a frame throws
 */
export async function firstFrame([first]: readonly TrainingSample[]): Promise<Frame> {
  if (!first) throw new SaltError('DATASET_INVALID', 'There is no frame to train on.');
  return first.loadFrame();
}

/**
 * @param counts pixels of the frame by which it teaches and is judged; all of them without
 * @throws SaltError `DATASET_INVALID` naming the frame when there is none
 */
export function requireCounting(id: string, counts: Mask | undefined): void {
  if (!counts || counts.data.includes(1)) return;
  throw new SaltError(
    'DATASET_INVALID',
    `Nothing of frame ${id} counts: its mask of the field of view is empty, or has nothing in common with the part that was painted. Mend or remove that mask.`,
    { id },
  );
}

/** The samples of a data set whose masks all show what `word` names. */
export function samplesOfWord(samples: readonly Sample[], word: string): TrainingSample[] {
  return samples.map((sample) => ({
    id: sample.id,
    loadFrame: () => sample.loadFrame(),
    masks: new Map([[word, () => sample.loadMask()]]),
    ...(sample.loadFieldOfView && { loadFieldOfView: sample.loadFieldOfView }),
    ...(sample.group !== undefined && { group: sample.group }),
    ...(sample.split !== undefined && { split: sample.split }),
  }));
}

/**
 * The same samples, read from their files once as long as that takes no more memory than allowed: for those that are
 * looked at again and again.
 */
export function remembered(samples: readonly TrainingSample[], maxBytes: number): TrainingSample[] {
  let left = maxBytes;
  const once = <T>(load: () => Promise<T>, bytesOf: (value: T) => number): (() => Promise<T>) => {
    let kept: { readonly value: T } | undefined;
    return async () => {
      if (kept) return kept.value;
      const value = await load();
      const bytes = bytesOf(value);
      if (bytes <= left) {
        left -= bytes;
        kept = { value };
      }
      return value;
    };
  };
  const maskBytes = ({ data }: Mask): number => data.byteLength;
  return samples.map((sample) => ({
    ...sample,
    loadFrame: once(
      () => sample.loadFrame(),
      ({ pixels }) => pixels.byteLength,
    ),
    masks: new Map([...sample.masks].map(([word, load]) => [word, once(load, maskBytes)])),
    ...(sample.loadFieldOfView && { loadFieldOfView: once(sample.loadFieldOfView, maskBytes) }),
  }));
}
