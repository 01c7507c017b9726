/** The demonstration's studies, the truth about them, and what was saved beside them. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { readSeg } from '../../src/imaging/dicom/seg-read.ts';
import type { Mask } from '../../src/imaging/frame.ts';
import { readDemoTruth, writeDemoStudies } from '../../src/server/demo/index.ts';
import type { DemoInstance } from '../../src/server/demo/index.ts';

export interface Demo {
  /** The archive's folder. */
  readonly studies: string;
  readonly instance: DemoInstance;
  /** @param frame zero-based */
  truth(frame: number, word: string): Promise<Mask>;
  /** Files in the archive's folder that are none of the demonstration. */
  added(): Promise<readonly Uint8Array[]>;
  remove(): Promise<void>;
}

/** Writes the demonstration's studies anew. @param key of the image that the test is about */
export async function writeDemo(key: string): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
  const studies = join(folder, 'studies');
  await writeDemoStudies(studies, { truthFolder: join(folder, 'truth') });
  const truth = await readDemoTruth(join(folder, 'truth'));
  const instance = truth.instances.find((other) => other.key === key);
  assert.ok(instance, `the demonstration has no ${key}`);
  return {
    studies,
    instance,
    truth: (frame, word) => truth.mask(instance.sopInstanceUid, frame + 1, word),
    async added() {
      const names = (await readdir(studies, { recursive: true })).filter(
        (name) => name.endsWith('.dcm') && !truth.instances.some(({ file }) => file === name),
      );
      return Promise.all(names.map((name) => readFile(join(studies, name))));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * The one file that was saved holds what is on screen, pixel for pixel.
 * @param words of the segments, in their order
 * @param shown the labelmap of every frame
 */
export async function sameAsSaved(
  files: readonly Uint8Array[],
  words: readonly string[],
  shown: readonly Uint8Array[],
): Promise<void> {
  const [file, ...others] = files;
  assert.ok(file && others.length === 0, `${files.length} segmentations were stored`);
  const { frames, segments } = readSeg(await decodeDicom(file, 'seg.dcm'));
  assert.deepEqual(
    segments.map(({ label }) => label),
    words,
  );
  const saved = shown.map(({ length }) => new Uint8Array(length));
  for (const { segment, references, mask } of frames) {
    // An image of one frame need not be referred to by its number.
    const number = references[0]?.frameNumbers?.[0] ?? (shown.length === 1 ? 1 : undefined);
    const labels = number === undefined ? undefined : saved[number - 1];
    assert.ok(labels, 'a frame of the segmentation refers to none of the image');
    const { data } = await mask();
    data.forEach((value, at) => {
      if (value === 1) labels[at] = segment;
    });
  }
  const different = shown.map((labels, i) => labels.filter((value, at) => value !== saved[i]?.[at]).length);
  assert.deepEqual(
    different,
    shown.map(() => 0),
  );
}
