import type { DataSet } from 'dicom-parser';
import { SaltError } from '../../protocol/errors.ts';
import type { Frame, FrameSource } from '../frame.ts';
import { applyPalette, readPalette, toRgb } from './colour.ts';
import { uid, text } from './data-set.ts';
import { UnsupportedStream, decodeEncapsulated } from './encapsulated.ts';
import { dicomInvalid, dicomUnsupported, reasonOf } from './errors.ts';
import { frameFragments, joinFragments } from './fragments.ts';
import { toGrey } from './grey.ts';
import { readImagePixel } from './image-pixel.ts';
import type { ImagePixel } from './image-pixel.ts';
import { asHeld, expectNativeLength, readNativeFrame } from './native.ts';
import { parseDicomFile } from './parse.ts';
import type { ParsedDicom } from './parse.ts';
import { readSpacing } from './spacing.ts';
import type { StoredPixels } from './stored.ts';
import { EXPLICIT_BIG_ENDIAN } from './transfer-syntax.ts';

/** An opened DICOM image. The file's bytes stay in memory; frames are decoded when asked for and not kept. */
export interface DicomFile {
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  readonly identity: NonNullable<FrameSource['dicom']>;
  /** Name of the transfer syntax, for people. */
  readonly transferSyntax: string;
  /** The parsed header, for what this interface does not say. */
  readonly dataSet: DataSet;
  /** Frame `frameNumber` (one-based) as an image in [0, 255]. */
  frame(frameNumber: number): Promise<Frame>;
  /** Frame `frameNumber` (one-based) as stored. */
  stored(frameNumber: number): Promise<StoredPixels>;
}

/**
 * Opens a DICOM Part 10 file.
 *
 * @param bytes the whole file; it must not change afterwards.
 * @param fileName without its folder, for messages.
 * @throws SaltError DICOM_INVALID for a damaged file, DICOM_UNSUPPORTED for one that cannot be read here. Damage
 *   inside compressed pixel data shows only when its frame is decoded, from `frame` and `stored`.
 */
export async function decodeDicom(bytes: Uint8Array, fileName: string): Promise<DicomFile> {
  const parsed = await parseDicomFile(bytes, fileName);
  return asSaltError(fileName, () => new OpenedDicom(parsed, fileName));
}

class OpenedDicom implements DicomFile {
  readonly fileName: string;
  readonly dataSet: DataSet;
  readonly transferSyntax: string;
  readonly identity: NonNullable<FrameSource['dicom']>;
  readonly #image: ImagePixel;
  readonly #readStored: (index: number) => StoredPixels | Promise<StoredPixels>;

  constructor({ dataSet, transferSyntax }: ParsedDicom, fileName: string) {
    this.fileName = fileName;
    this.dataSet = dataSet;
    this.transferSyntax = transferSyntax.name;
    this.identity = readIdentity(dataSet);
    const image = readImagePixel(dataSet, fileName);
    this.#image = image;
    const pixelData = dataSet.elements['x7fe00010'];
    if (!pixelData) throw new Error('it has no pixel data');
    if (transferSyntax.encoding === 'native') {
      const held = asHeld(image, pixelData);
      expectNativeLength(dataSet, pixelData, held);
      const bigEndian = transferSyntax.uid === EXPLICIT_BIG_ENDIAN;
      this.#readStored = (index) => readNativeFrame(dataSet, pixelData, held, index, bigEndian);
    } else {
      const fragments = frameFragments(dataSet, pixelData, image.frames);
      this.#readStored = (index) =>
        decodeEncapsulated(
          joinFragments(dataSet.byteArray, fragments[index] ?? []),
          transferSyntax.encoding,
          image,
        );
    }
  }

  get width(): number {
    return this.#image.columns;
  }

  get height(): number {
    return this.#image.rows;
  }

  get frameCount(): number {
    return this.#image.frames;
  }

  async stored(frameNumber: number): Promise<StoredPixels> {
    if (!Number.isInteger(frameNumber) || frameNumber < 1 || frameNumber > this.frameCount) {
      throw new SaltError(
        'INVALID_ARGUMENT',
        `${this.fileName} has frames 1 to ${this.frameCount}, not ${frameNumber}.`,
      );
    }
    try {
      return await this.#readStored(frameNumber - 1);
    } catch (error) {
      const where =
        this.frameCount > 1 ? `frame ${frameNumber} (${this.transferSyntax})` : this.transferSyntax;
      if (error instanceof UnsupportedStream) {
        const fix =
          'Convert it to an uncompressed transfer syntax, e.g. with `gdcmconv --raw` or `dcmdjpeg`.';
        throw dicomUnsupported(this.fileName, error.message, fix);
      }
      throw dicomInvalid(this.fileName, `${where}: ${reasonOf(error)}`, error);
    }
  }

  async frame(frameNumber: number): Promise<Frame> {
    const stored = await this.stored(frameNumber);
    return asSaltError(this.fileName, () => {
      const { channels, pixels, intensity } = this.#render(stored, frameNumber);
      const spacing = readSpacing(this.dataSet, frameNumber);
      return {
        width: this.width,
        height: this.height,
        channels,
        pixels,
        ...(spacing && { spacing }),
        source: { file: this.fileName, frameNumber, dicom: this.identity },
        intensity,
      };
    });
  }

  #render(stored: StoredPixels, frameNumber: number): Pick<Frame, 'channels' | 'pixels' | 'intensity'> {
    if (stored.photometric === 'PALETTE COLOR') {
      const palette = readPalette(this.dataSet, this.#image.signed);
      return { channels: 3, pixels: applyPalette(stored.values, palette), intensity: 'palette colours' };
    }
    if (stored.samples === 3) {
      const name = stored.photometric === 'RGB' ? 'RGB' : 'RGB from YBR';
      return {
        channels: 3,
        pixels: toRgb(stored),
        intensity: `${name}, ${stored.bits}-bit values as stored`,
      };
    }
    return { channels: 1, ...toGrey(stored, this.#image, this.dataSet, frameNumber) };
  }
}

function readIdentity(dataSet: DataSet): NonNullable<FrameSource['dicom']> {
  return {
    studyInstanceUid: uid(dataSet, 'x0020000d'),
    seriesInstanceUid: uid(dataSet, 'x0020000e'),
    sopInstanceUid: uid(dataSet, 'x00080018'),
    sopClassUid: uid(dataSet, 'x00080016'),
    modality: text(dataSet, 'x00080060') ?? '',
    patientId: text(dataSet, 'x00100020') ?? '',
  };
}

function asSaltError<T>(fileName: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof SaltError ? error : dicomInvalid(fileName, reasonOf(error), error);
  }
}
