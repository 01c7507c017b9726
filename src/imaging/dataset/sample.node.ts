import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { SaltError } from '../../protocol/errors.ts';
import { decodeAny } from '../decode-any.ts';
import type { FrameFile } from '../decode-any.ts';
import type { Sample } from '../dataset.ts';
import type { Frame, FrameSource, Mask } from '../frame.ts';
import { maskFromImage, resizeMask } from '../mask.ts';

/** @throws SaltError FILE_UNREADABLE. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new SaltError('FILE_UNREADABLE', `${path} cannot be read (${reason}).`, { path }, { cause: error });
  }
}

/** Opens files of frames, keeping the last one: the frames of a cine are asked for one after another. */
export class RecentFile {
  #path: string | undefined;
  #file: Promise<FrameFile> | undefined;

  open(path: string): Promise<FrameFile> {
    if (this.#file && this.#path === path) return this.#file;
    const file = readBytes(path).then((bytes) => decodeAny(bytes, basename(path)));
    this.#path = path;
    this.#file = file;
    file.catch(() => {
      if (this.#file === file) this.#file = undefined;
    });
    return file;
  }
}

export interface SampleSource {
  readonly id: string;
  readonly path: string;
  /** One-based. */
  readonly frame: number;
  /** The path of an image, or whatever else gives a mask. */
  readonly mask: string | (() => Promise<Mask>);
  readonly fieldOfView?: string;
  readonly group?: string;
  readonly split?: string;
}

/** A sample that reads its files when it is asked to. */
export function makeSample(source: SampleSource, files: RecentFile): Sample {
  let size: { readonly width: number; readonly height: number } | undefined;
  const loadFrame = async (): Promise<Frame> => {
    const frame = await (await files.open(source.path)).frame(source.frame);
    size = frame;
    return frame;
  };
  const fit = async (mask: Mask, what: string): Promise<Mask> => {
    const { width, height } = size ?? (await loadFrame());
    // Whole multiples and the like are one drawing at another scale; anything else is another image's.
    if (mask.width * height !== mask.height * width) {
      throw new SaltError(
        'DATASET_INVALID',
        `The ${what} of ${source.id} is ${mask.width} x ${mask.height}, its frame ${width} x ${height}. ` +
          'They must have one size, or at least the same proportions.',
        { id: source.id },
      );
    }
    return resizeMask(mask, width, height);
  };
  const fromFile = async (path: string) => maskFromImage(await readBytes(path), basename(path));
  const { mask, fieldOfView, group, split } = source;
  return {
    id: source.id,
    loadFrame,
    loadMask: async () => fit(await (typeof mask === 'string' ? fromFile(mask) : mask()), 'mask'),
    ...(fieldOfView !== undefined && {
      loadFieldOfView: async () => fit(await fromFile(fieldOfView), 'field of view'),
    }),
    ...(group !== undefined && { group }),
    ...(split !== undefined && { split }),
  };
}

/** Patient where there is one, else study: what must not be divided between training and held-out samples. */
export function groupOf(identity: FrameSource['dicom']): string | undefined {
  return identity?.patientId || identity?.studyInstanceUid || undefined;
}
