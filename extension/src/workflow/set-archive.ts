/**
 * The collected set as a ZIP that the command line trains on as it is: `images/0001.png`, `masks-vein/0001.png`,
 * `data_split.csv`; and `manifest.json` with what PNG cannot say, UIDs included. No name or ID of a patient.
 */
import {
  BlobReader,
  BlobWriter,
  TextReader,
  TextWriter,
  Uint8ArrayReader,
  Uint8ArrayWriter,
} from '@zip.js/zip.js';
import { ZipReader, ZipWriter, configure } from '@zip.js/zip.js';
import type { FileEntry } from '@zip.js/zip.js';
import { decode, encode } from 'fast-png';
import { z } from 'zod';
import { SaltError } from '../../../src/protocol/errors.ts';
import type { MaskPixels } from '../../../src/protocol/frames.ts';
import type { CollectedFrame, Role } from '../store/collected-frame.ts';
import { collectedFrameSchema } from '../store/collected-frame.ts';
import { packValues, unpackValues, valuesSchema } from './pack-values.ts';

// A viewer's content security policy may forbid workers from blobs.
configure({ useWebWorkers: false });

const manifestSchema = z.object({
  format: z.literal('ohif-salt-frames'),
  version: z.literal(1),
  frames: z.array(
    z.object({
      image: z.string(),
      values: valuesSchema,
      ref: collectedFrameSchema.shape.ref,
      seriesDescription: z.string(),
      modality: z.string(),
      /** Frames of one patient share it; nothing else is known of the patient. */
      group: z.string(),
      window: z.object({ lower: z.number(), upper: z.number() }).exactOptional(),
      inverted: z.boolean().exactOptional(),
      role: z.enum(['train', 'heldOut']),
      roleChosen: z.boolean(),
      collectedAt: z.string(),
      masks: z.array(z.object({ word: z.string().min(1), file: z.string() })),
    }),
  ),
});

export async function exportSet(
  frames: readonly CollectedFrame[],
  roles: ReadonlyMap<string, Role>,
): Promise<Blob> {
  const zip = new ZipWriter(new BlobWriter('application/zip'), { level: 0 }); // PNG is packed already.
  const groups = [...new Set(frames.map(({ group }) => group))];
  const entries: z.input<typeof manifestSchema>['frames'] = [];
  for (const [index, collected] of frames.entries()) {
    const { frame, masks, ref } = collected;
    const name = String(index + 1).padStart(4, '0');
    const { values, bytes } = packValues(frame);
    const image = `images/${name}.${values.file}`;
    await zip.add(image, new Uint8ArrayReader(bytes));
    const files = masks.map(({ word }) => ({ word, file: `masks-${slug(word)}/${name}.png` }));
    for (const [at, { mask }] of masks.entries()) {
      await zip.add(files[at]?.file ?? '', new Uint8ArrayReader(maskPng(mask)));
    }
    entries.push({
      image,
      values,
      ref,
      seriesDescription: collected.seriesDescription,
      modality: collected.modality,
      group: `patient-${groups.indexOf(collected.group) + 1}`,
      ...(frame.window && { window: frame.window }),
      ...(frame.inverted !== undefined && { inverted: frame.inverted }),
      role: roles.get(collected.id) ?? 'train',
      roleChosen: collected.chosenRole !== undefined,
      collectedAt: collected.collectedAt,
      masks: files,
    });
  }
  const split = entries.map(({ image, role }) => `${image.slice(7)},${role === 'heldOut' ? 'val' : 'train'}`);
  await zip.add('data_split.csv', new TextReader(['image,split', ...split, ''].join('\n')));
  const manifest = { format: 'ohif-salt-frames', version: 1, frames: entries };
  await zip.add('manifest.json', new TextReader(`${JSON.stringify(manifest, null, 2)}\n`));
  return zip.close();
}

/** @throws SaltError DATASET_INVALID when it is no such ZIP, or not whole */
export async function importSet(file: Blob): Promise<readonly CollectedFrame[]> {
  const zip = new ZipReader(new BlobReader(file));
  try {
    const entries = new Map<string, FileEntry>();
    for (const entry of await zip.getEntries()) if (!entry.directory) entries.set(entry.filename, entry);
    const bytesOf = async (name: string): Promise<Uint8Array> => {
      const entry = entries.get(name);
      if (!entry) throw new Error(`it has no ${name}`);
      return entry.getData(new Uint8ArrayWriter());
    };
    const listing = entries.get('manifest.json');
    if (!listing) throw new Error('it has no manifest.json');
    const manifest = manifestSchema.parse(JSON.parse(await listing.getData(new TextWriter())));
    const frames: CollectedFrame[] = [];
    for (const { image, values, masks, window, inverted, role, roleChosen, ...rest } of manifest.frames) {
      const read = [];
      for (const { word, file: name } of masks) read.push({ word, mask: readMaskPng(await bytesOf(name)) });
      const collected = collectedFrameSchema.parse({
        ...rest,
        id: `${rest.ref.sopInstanceUid}#${rest.ref.frameNumber}`,
        frame: {
          ...unpackValues(values, await bytesOf(image)),
          ...(window && { window }),
          ...(inverted !== undefined && { inverted }),
        },
        masks: read,
        ...(roleChosen && { chosenRole: role }),
      });
      frames.push(collected);
    }
    return frames;
  } catch (error) {
    throw new SaltError(
      'DATASET_INVALID',
      `This file is no set of frames that SALT exported: ${error instanceof Error ? error.message : String(error)}. ` +
        'Choose a ZIP that "Export" wrote.',
      {},
      { cause: error },
    );
  } finally {
    await zip.close();
  }
}

/** As the command line names the folder for the masks of a word. */
function slug(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-');
}

function maskPng({ width, height, data }: MaskPixels): Uint8Array {
  return encode({ width, height, channels: 1, depth: 8, data: data.map((pixel) => (pixel ? 255 : 0)) });
}

function readMaskPng(bytes: Uint8Array): MaskPixels {
  const { width, height, channels, data } = decode(bytes);
  if (channels !== 1) throw new Error('a mask is not grey');
  return { width, height, data: Uint8Array.from(data, (value) => (value > 0 ? 1 : 0)) };
}
