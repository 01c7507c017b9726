import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { maskFromImage } from '../../imaging/mask.ts';
import type { Mask } from '../../imaging/frame.ts';
import { SaltError } from '../../protocol/errors.ts';

const relativePath = z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+\.png$/u);

const frameTruthSchema = z.strictObject({
  /** One-based. */
  frameNumber: z.int().min(1),
  /** By word, e.g. `vein`: a PNG in the truth's folder, white for the structure. A missing word is not there. */
  masks: z.record(z.string(), relativePath),
});

const instanceSchema = z.strictObject({
  key: z.string(),
  /** Name in the archive's folder, and its length. */
  file: z.string().regex(/^[a-z0-9-]+\.dcm$/u),
  bytes: z.int().min(1),
  description: z.string(),
  patientName: z.string(),
  studyInstanceUid: z.string(),
  seriesInstanceUid: z.string(),
  sopInstanceUid: z.string(),
  sopClassUid: z.string(),
  width: z.int().min(1),
  height: z.int().min(1),
  frames: z.array(frameTruthSchema).min(1),
});

export const manifestSchema = z.strictObject({
  /** Which drawing of the demonstration it is. */
  generation: z.int().min(1),
  instances: z.array(instanceSchema),
});

/** One file of the demonstration, and which structure is where in each of its frames. */
export type DemoInstance = Readonly<z.infer<typeof instanceSchema>>;

export type DemoManifest = Readonly<z.infer<typeof manifestSchema>>;

export interface DemoTruth extends DemoManifest {
  /**
   * Where a structure is; an empty mask where it is not.
   * @param frameNumber one-based
   * @throws SaltError `INVALID_ARGUMENT` for an image or frame that the demonstration does not have
   */
  mask(sopInstanceUid: string, frameNumber: number, word: string): Promise<Mask>;
}

export const MANIFEST = 'manifest.json';

/**
 * What `writeDemoStudies` knows about the images that it drew.
 * @param folder the truth's own, not the archive's
 * @throws SaltError `FILE_UNREADABLE` when there is none
 */
export async function readDemoTruth(folder: string): Promise<DemoTruth> {
  const manifest = await readManifest(folder);
  if (!manifest) {
    throw new SaltError(
      'FILE_UNREADABLE',
      `There is no truth about demonstration studies in ${folder}: write the studies first.`,
    );
  }
  return {
    ...manifest,
    async mask(sopInstanceUid, frameNumber, word) {
      const instance = manifest.instances.find((one) => one.sopInstanceUid === sopInstanceUid);
      const frame = instance?.frames.find((one) => one.frameNumber === frameNumber);
      if (!instance || !frame) {
        throw new SaltError(
          'INVALID_ARGUMENT',
          `The demonstration has no frame ${frameNumber} of ${sopInstanceUid}.`,
        );
      }
      const file = frame.masks[word.toLowerCase()];
      const { width, height } = instance;
      if (file === undefined) return { width, height, data: new Uint8Array(width * height) };
      return maskFromImage(await readFile(join(folder, file)), file);
    },
  };
}

/** Undefined where there is no manifest, or one that cannot be read. */
export async function readManifest(folder: string): Promise<DemoManifest | undefined> {
  try {
    const text = await readFile(join(folder, MANIFEST), 'utf8');
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
