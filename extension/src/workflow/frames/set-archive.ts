/**
 * The collected set as a ZIP that the command line trains on as it is: `images/0001.png`, `masks-vein/0001.png`,
 * `data_split.csv`, `fov/0001.png` where only a part of a frame counts; `manifest.json` with what PNG cannot say, UIDs
 * included; and for other tools the masks once more as DICOM SEG, `segmentations/0001.dcm`, one for each series. No name or ID
 * of a patient.
 */
import { encode } from 'fast-png';
// Comes with fast-png in any case, and is a tenth of what zip.js would add.
import { strFromU8, strToU8, zipSync } from 'fflate';
import { z } from 'zod';
import { SaltError } from '../../../../src/protocol/errors.ts';
import { faultsOf } from '../../../../src/protocol/faults.ts';
import type { FrameSize, MaskPixels, Role } from '../../../../src/protocol/frames.ts';
import type { CollectedFrame } from '../../store/collected-frame.ts';
import { collectedFrameSchema, frameId } from '../../store/collected-frame.ts';
import { wordSchema } from '../../store/config.ts';
import { fold } from '../common/working.ts';
import { emptyMask } from '../masks/masks.ts';
import { decodePng, packValues, unpackValues, valuesSchema } from './pack-values.ts';
import { paintedPart, patched } from '../masks/painted-part.ts';
import { readZip } from './read-zip.ts';
import { setSegmentations } from './set-segmentations.ts';
import type { SegmentationWriter, SetSegmentations } from './set-segmentations.ts';

const manifestSchema = z.object({
  format: z.literal('ohif-salt-frames'),
  version: z.literal(1),
  frames: z.array(
    z.object({
      image: z.string(),
      values: valuesSchema,
      ref: collectedFrameSchema.shape.ref,
      position: collectedFrameSchema.shape.position,
      seriesDescription: z.string(),
      modality: z.string(),
      source: collectedFrameSchema.shape.source,
      /** Frames of one patient share it; nothing else is known of the patient. */
      group: z.string(),
      window: z.object({ lower: z.number(), upper: z.number() }).exactOptional(),
      inverted: z.boolean().exactOptional(),
      /** What stands still in the frame's run, as it is shown. */
      background: z.string().exactOptional(),
      role: z.enum(['train', 'heldOut']),
      roleChosen: z.boolean(),
      drafted: z.literal(true).exactOptional(),
      paintedPartOnly: z.literal(true).exactOptional(),
      collectedAt: z.string(),
      masks: z.array(z.object({ word: wordSchema, file: z.string() })),
    }),
  ),
});

/** What an archive may unpack to: more is no set of frames. */
const MOST_BYTES = 2 ** 31;

interface ExportedSet {
  readonly zip: Blob;
  /** Series that are in it as PNG but not as DICOM SEG. */
  readonly leftOut: SetSegmentations['leftOut'];
}

export async function exportSet(
  frames: readonly CollectedFrame[],
  roles: ReadonlyMap<string, Role>,
  writer: SegmentationWriter,
): Promise<ExportedSet> {
  const zip: Record<string, Uint8Array> = {};
  const groups = [...new Set(frames.map(({ group }) => group))];
  // The command line wants a field of view for each frame or for none.
  const isPartial = frames.some(paintedPart);
  const entries: z.input<typeof manifestSchema>['frames'] = [];
  const folderOf = createFolders();
  for (const [index, collected] of frames.entries()) {
    const { frame, masks, ref } = collected;
    const name = String(index + 1).padStart(4, '0');
    const { values, bytes } = packValues(frame);
    const image = `images/${name}.${values.file}`;
    zip[image] = bytes;
    const files = masks.map(({ word }) => ({ word, file: `${folderOf(word)}/${name}.png` }));
    const background = `backgrounds/${name}.png`;
    if (frame.background) zip[background] = greyPng(frame, frame.background);
    if (isPartial) zip[`fov/${name}.png`] = maskPng(countedOf(collected));
    for (const [at, { mask }] of masks.entries()) zip[files[at]?.file ?? ''] = maskPng(mask);
    entries.push({
      image,
      values,
      ref,
      ...(collected.position !== undefined && { position: collected.position }),
      seriesDescription: collected.seriesDescription,
      modality: collected.modality,
      ...(collected.source && { source: collected.source }),
      group: `patient-${groups.indexOf(collected.group) + 1}`,
      ...(frame.window && { window: frame.window }),
      ...(frame.inverted !== undefined && { inverted: frame.inverted }),
      ...(frame.background && { background }),
      role: roles.get(collected.id) ?? 'train',
      roleChosen: collected.chosenRole !== undefined,
      ...(collected.drafted && { drafted: true as const }),
      ...(collected.paintedPartOnly && { paintedPartOnly: true as const }),
      collectedAt: collected.collectedAt,
      masks: files,
    });
  }
  const { files: segmentations, leftOut } = await setSegmentations(frames, writer);
  for (const [index, bytes] of segmentations.entries()) {
    zip[`segmentations/${String(index + 1).padStart(4, '0')}.dcm`] = bytes;
  }
  const split = entries.map(({ image, role }) => `${image.slice(7)},${role === 'heldOut' ? 'val' : 'train'}`);
  zip['data_split.csv'] = strToU8(['image,split', ...split, ''].join('\n'));
  const manifest = { format: 'ohif-salt-frames', version: 1, frames: entries };
  zip['manifest.json'] = strToU8(`${JSON.stringify(manifest, null, 2)}\n`);
  // PNG is packed already.
  const packed = new Blob([zipSync(zip, { level: 0 })], { type: 'application/zip' });
  return { zip: packed, leftOut };
}

/**
 * All frames of a set, or none.
 *
 * @throws SaltError DATASET_INVALID when it is no such ZIP, is damaged, or not whole
 */
export async function importSet(file: Blob): Promise<readonly CollectedFrame[]> {
  const files = await readZip(file, MOST_BYTES);
  const bytesOf = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (!bytes) throw new Error(`it has no ${name}`);
    return bytes;
  };
  try {
    const manifest = manifestSchema.parse(JSON.parse(strFromU8(bytesOf('manifest.json'))));
    const frames: CollectedFrame[] = [];
    for (const entry of manifest.frames) {
      const { image, values, masks, window, inverted, background, role, roleChosen, ...rest } = entry;
      const read = [];
      for (const { word, file: name } of masks) read.push({ word, mask: readMaskPng(bytesOf(name), values) });
      const collected = collectedFrameSchema.parse({
        ...rest,
        id: frameId(rest.ref),
        frame: {
          ...unpackValues(values, bytesOf(image)),
          ...(window && { window }),
          ...(inverted !== undefined && { inverted }),
          ...(background !== undefined && { background: readBackgroundPng(bytesOf(background), values) }),
        },
        masks: read,
        ...(roleChosen && { chosenRole: role }),
      });
      frames.push(collected);
    }
    return frames;
  } catch (error) {
    const faults =
      error instanceof z.ZodError
        ? faultsOf(error)
        : [error instanceof Error ? error.message : String(error)];
    throw new SaltError(
      'DATASET_INVALID',
      `This file is no set of frames that SALT exported: ${faults.slice(0, 3).join('; ')}. ` +
        'Choose a ZIP that "Export" wrote.',
      {},
      { cause: error },
    );
  }
}

/** 1 where the masks speak of the frame. */
function countedOf(collected: CollectedFrame): MaskPixels {
  const { width, height } = collected.frame;
  const all = { width, height, data: new Uint8Array(width * height).fill(1) };
  const part = paintedPart(collected);
  return part ? patched(emptyMask(width, height), all, part) : all;
}

/** A folder for the masks of each word; words that differ in signs alone ("> 50 %" and "< 50 %") have theirs numbered. */
function createFolders(): (word: string) => string {
  const folders = new Map<string, string>();
  return (word) => {
    const known = folders.get(fold(word));
    if (known !== undefined) return known;
    const taken = new Set(folders.values());
    const usual = `masks-${slug(word)}`;
    let folder = usual;
    for (let i = 2; taken.has(folder); i++) folder = `${usual}-${i}`;
    folders.set(fold(word), folder);
    return folder;
  };
}

/** As the command line names the folder for the masks of a word. */
function slug(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-');
}

function maskPng(mask: MaskPixels): Uint8Array {
  return greyPng(
    mask,
    mask.data.map((pixel) => (pixel ? 255 : 0)),
  );
}

function greyPng({ width, height }: FrameSize, data: Uint8Array): Uint8Array {
  return encode({ width, height, channels: 1, depth: 8, data });
}

function readMaskPng(bytes: Uint8Array, size: FrameSize): MaskPixels {
  const { width, height, data } = decodePng(bytes, size, 1);
  return { width, height, data: Uint8Array.from(data, (value) => (value > 0 ? 1 : 0)) };
}

function readBackgroundPng(bytes: Uint8Array, size: FrameSize): Uint8Array {
  const { depth, data } = decodePng(bytes, size, 1);
  if (depth !== 8) throw new Error('a background has not 8 bits');
  return Uint8Array.from(data);
}
