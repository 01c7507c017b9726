import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { GeneratedImage } from '../../generator/generated-image.ts';
import type { Mask } from '../../imaging/frame.ts';
import { encodeMaskPng } from '../../imaging/mask.ts';
import { unwritable, writeFileAtomic } from '../../runtime/files.node.ts';
import { studyAttributes, studyUid } from './attributes.ts';
import { encodeInstance } from './dicom-file.ts';
import { stableUid } from './stable-uid.ts';
import { DEMO_GENERATION, DEMO_SERIES } from './studies.ts';
import type { DemoSeries } from './studies.ts';
import { MANIFEST, readManifest } from './truth.ts';
import type { DemoInstance, DemoManifest } from './truth.ts';

export interface DemoStudies {
  readonly folder: string;
  readonly truthFolder: string;
  /** Whether they were drawn now, or had been before. */
  readonly written: boolean;
  /** In `folder`, under their `file`. */
  readonly instances: readonly DemoInstance[];
}

export interface DemoOptions {
  /** Default: `<folder>-truth`. It must not lie in `folder`, which holds what the archive shows. */
  readonly truthFolder?: string;
  /** Called before each series is drawn, which takes seconds. */
  readonly onSeries?: (description: string, index: number, total: number) => void;
}

/**
 * Writes the studies that the viewer shows when it is started without any: two coronary runs of one patient, a
 * photograph and an OCT angiogram of another's eye. All are drawn, and the same on every machine. Where they have been
 * written before, nothing is done; other files in the folder are left alone.
 * @throws SaltError `FILE_UNWRITABLE`
 */
export async function writeDemoStudies(folder: string, options: DemoOptions = {}): Promise<DemoStudies> {
  const truthFolder = options.truthFolder ?? `${resolve(folder)}-truth`;
  const before = await readManifest(truthFolder);
  const current = before?.generation === DEMO_GENERATION ? before.instances : [];
  for (const path of [folder, truthFolder]) await makeFolder(path);
  const instances: DemoInstance[] = [];
  let written = false;
  for (const [index, series] of DEMO_SERIES.entries()) {
    const known = current.find(({ key }) => key === series.key);
    if (known && (await isIntact(folder, known))) {
      instances.push(known);
      continue;
    }
    options.onSeries?.(series.description, index, DEMO_SERIES.length);
    // Drawing keeps the thread busy: what waits gets its turn in between.
    await new Promise((turn) => setImmediate(turn));
    instances.push(await writeSeries(series, folder, truthFolder));
    written = true;
    // After its files, so that a writing that was broken off goes on with the series that is missing.
    await writeManifest(truthFolder, { generation: DEMO_GENERATION, instances });
  }
  const kept = new Set(instances.map(({ file }) => file));
  for (const { file } of before?.instances ?? [])
    if (!kept.has(file)) await rm(join(folder, file), { force: true });
  return { folder, truthFolder, written, instances };
}

async function isIntact(folder: string, { file, bytes }: DemoInstance): Promise<boolean> {
  try {
    return (await stat(join(folder, file))).size === bytes;
  } catch {
    return false;
  }
}

async function writeManifest(truthFolder: string, manifest: DemoManifest): Promise<void> {
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  await writeFileAtomic(join(truthFolder, MANIFEST), new TextEncoder().encode(text));
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

async function writeSeries(series: DemoSeries, folder: string, truthFolder: string): Promise<DemoInstance> {
  const { frames, attributes } = series.draw();
  const ids = {
    sopClassUid: series.sopClassUid,
    sopInstanceUid: stableUid(`${DEMO_GENERATION} instance ${series.key}`),
  };
  const seriesInstanceUid = stableUid(`${DEMO_GENERATION} series ${series.key}`);
  const bytes = await encodeInstance(
    ids,
    {
      ...studyAttributes(series.study, DEMO_GENERATION),
      SeriesInstanceUID: seriesInstanceUid,
      SeriesNumber: String(series.number),
      SeriesDescription: series.description,
      InstanceNumber: '1',
      ...attributes,
    },
    pixelsOf(frames),
  );
  const file = `demo-${series.key}.dcm`;
  await writeFileAtomic(join(folder, file), bytes);
  const [first] = frames;
  return {
    key: series.key,
    file,
    bytes: bytes.length,
    description: series.description,
    patientName: series.study.patientName,
    studyInstanceUid: studyUid(series.study, DEMO_GENERATION),
    seriesInstanceUid,
    ...ids,
    width: first?.frame.width ?? 0,
    height: first?.frame.height ?? 0,
    frames: await writeMasks(series.key, frames, truthFolder),
  };
}

function pixelsOf(frames: readonly GeneratedImage[]): Uint8Array<ArrayBuffer> {
  const length = frames.reduce((sum, { frame }) => sum + frame.pixels.length, 0);
  const bytes = new Uint8Array(length + (length % 2));
  let at = 0;
  for (const { frame } of frames) {
    // Drawn values are whole grey levels or nearly so.
    bytes.set(
      frame.pixels.map((value) => Math.round(value)),
      at,
    );
    at += frame.pixels.length;
  }
  return bytes;
}

async function writeMasks(
  key: string,
  frames: readonly GeneratedImage[],
  truthFolder: string,
): Promise<DemoInstance['frames']> {
  await makeFolder(join(truthFolder, key));
  const list: DemoInstance['frames'] = [];
  for (const [index, { masks }] of frames.entries()) {
    // Words that mean the same share one file.
    const files = new Map<Mask, string>();
    const words: Record<string, string> = {};
    for (const [word, mask] of masks) {
      const known = files.get(mask);
      const name = `${String(index + 1).padStart(3, '0')}-${word.replaceAll(' ', '-')}.png`;
      const file = known ?? `${key}/${name}`;
      // The manifest, written last, makes them count: no need to wait for the disk each time.
      if (known === undefined) await writeFile(join(truthFolder, file), encodeMaskPng(mask));
      files.set(mask, file);
      words[word] = file;
    }
    list.push({ frameNumber: index + 1, masks: words });
  }
  return list;
}
