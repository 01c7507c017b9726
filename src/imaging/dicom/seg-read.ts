import type { DataSet } from 'dicom-parser';
import type { Mask } from '../frame.ts';
import type { Code } from './code.ts';
import { decimal, items, text, uid, unsigned16 } from './data-set.ts';
import type { DicomFile } from './dicom-file.ts';
import { dicomUnsupported } from './errors.ts';
import { LABELMAP_SEGMENTATION_STORAGE, SEGMENTATION_STORAGE } from './sop-classes.ts';

export interface SegSegment {
  readonly number: number;
  readonly label: string;
  readonly category?: Code;
  readonly type?: Code;
  /** `AUTOMATIC`, `SEMIAUTOMATIC` or `MANUAL`, as the file says. */
  readonly algorithmType?: string;
  readonly algorithmName?: string;
}

/** A source image, or some of its frames, that a frame of a segmentation was drawn on. */
export interface SegReference {
  readonly sopInstanceUid: string;
  /** One-based; absent when the file names the image as a whole, which means every frame of it. */
  readonly frameNumbers?: readonly number[];
}

/** What one frame of a segmentation says of one segment. */
export interface SegFrame {
  readonly segment: number;
  /** Empty when the file does not say what the frame was drawn on. */
  readonly references: readonly SegReference[];
  readonly mask: () => Promise<Mask>;
}

/** An opened segmentation; masks are decoded when asked for. */
export interface SegFile {
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  readonly segments: readonly SegSegment[];
  readonly frames: readonly SegFrame[];
}

export function isSegmentation(file: DicomFile): boolean {
  const { sopClassUid } = file.identity;
  return sopClassUid === SEGMENTATION_STORAGE || sopClassUid === LABELMAP_SEGMENTATION_STORAGE;
}

/**
 * Reads a DICOM segmentation: binary, fractional (from half of its maximum on) or a labelmap. Frames are tied to
 * their sources by the references they carry, never by their order.
 *
 * @throws SaltError DICOM_UNSUPPORTED when the file is no segmentation.
 */
export function readSeg(file: DicomFile): SegFile {
  if (!isSegmentation(file)) {
    throw dicomUnsupported(file.fileName, 'it is not a DICOM segmentation', 'Choose a file of modality SEG.');
  }
  const { dataSet, fileName, width, height, frameCount } = file;
  const segments = items(dataSet, 'x00620002').flatMap(readSegment);
  const kind = text(dataSet, 'x00620001');
  const isLabelmap = file.identity.sopClassUid === LABELMAP_SEGMENTATION_STORAGE || kind === 'LABELMAP';
  const most = kind === 'FRACTIONAL' ? (unsigned16(dataSet, 'x0062000e') ?? 255) : 1;

  const frames: SegFrame[] = [];
  const perFrame = items(dataSet, 'x52009230');
  const shared = items(dataSet, 'x52009229')[0];
  for (let index = 0; index < frameCount; index++) {
    const groups = [perFrame[index], shared].filter((group) => group !== undefined);
    const references = readReferences(groups);
    const numbers = isLabelmap ? segments.map(({ number }) => number) : [readSegmentNumber(groups, segments)];
    for (const segment of numbers) {
      const isSet = isLabelmap ? (value: number) => value === segment : (value: number) => value * 2 >= most;
      const mask = async (): Promise<Mask> => {
        const { values } = await file.stored(index + 1);
        const data = new Uint8Array(width * height);
        for (let i = 0; i < data.length; i++) data[i] = isSet(values[i] ?? 0) ? 1 : 0;
        return { width, height, data };
      };
      frames.push({ segment, references, mask });
    }
  }
  return { fileName, width, height, segments, frames };
}

function readSegment(item: DataSet): SegSegment[] {
  const number = unsigned16(item, 'x00620004');
  // Number 0 is a labelmap's background.
  if (number === undefined || number === 0) return [];
  const category = readCode(item, 'x00620003');
  const type = readCode(item, 'x0062000f');
  const algorithmType = text(item, 'x00620008');
  const algorithmName = text(item, 'x00620009');
  return [
    {
      number,
      label: text(item, 'x00620005') ?? type?.meaning ?? `segment ${number}`,
      ...(category && { category }),
      ...(type && { type }),
      ...(algorithmType !== undefined && { algorithmType }),
      ...(algorithmName !== undefined && { algorithmName }),
    },
  ];
}

function readCode(item: DataSet, tag: string): Code | undefined {
  const code = items(item, tag)[0];
  const value = code && (text(code, 'x00080100') ?? text(code, 'x00080119'));
  if (!code || value === undefined) return undefined;
  return { value, scheme: text(code, 'x00080102') ?? '', meaning: text(code, 'x00080104') ?? '' };
}

function readSegmentNumber(groups: readonly DataSet[], segments: readonly SegSegment[]): number {
  for (const group of groups) {
    const item = items(group, 'x0062000a')[0];
    const number = item && unsigned16(item, 'x0062000b');
    if (number !== undefined) return number;
  }
  return segments[0]?.number ?? 1;
}

/** Derivation Image → Source Image (PS3.3 C.7.6.16.2.6), or else Referenced Image; the frame's own before shared. */
function readReferences(groups: readonly DataSet[]): SegReference[] {
  for (const group of groups) {
    const sources = items(group, 'x00089124').flatMap((derivation) => items(derivation, 'x00082112'));
    const found = (sources.length > 0 ? sources : items(group, 'x00081140')).flatMap(readReference);
    if (found.length > 0) return found;
  }
  return [];
}

function readReference(item: DataSet): SegReference[] {
  const sopInstanceUid = uid(item, 'x00081155');
  if (sopInstanceUid === '') return [];
  const frameNumbers: number[] = [];
  for (let i = 0; ; i++) {
    const number = decimal(item, 'x00081160', i);
    if (number === undefined) break;
    frameNumbers.push(number);
  }
  return [frameNumbers.length > 0 ? { sopInstanceUid, frameNumbers } : { sopInstanceUid }];
}
