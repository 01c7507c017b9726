import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import type { DicomFile } from '../../src/imaging/dicom/dicom-file.ts';
import { encodeSeg } from '../../src/imaging/dicom/seg-write.ts';
import type { Mask } from '../../src/imaging/frame.ts';
import { encodeSegFromMetadata } from '../../src/imaging/seg.ts';
import type { Naturalized } from '../../src/imaging/seg.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { toDicomJson } from '../../src/server/dicom/json.ts';
import { writeDemoStudies } from '../../src/server/demo/index.ts';
import { writeImage } from '../imaging/dicom-writer.ts';

/** pydicom (with pylibjpeg) and highdicom against this project; needs Python, and real files for the first part. */
const python = process.env['OHIF_SALT_PYTHON'];
const data = process.env['OHIF_SALT_DATA'];
const noPython = python ? false : 'set OHIF_SALT_PYTHON to a Python with pydicom, pylibjpeg and highdicom';
const noData = noPython || (data ? false : 'set OHIF_SALT_DATA to the folder that holds dicom/');

const run = (script: string, ...args: string[]): string =>
  execFileSync(python ?? '', [join(import.meta.dirname, script), ...args], { encoding: 'utf8' });

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'salt-oracle-'));
});
after(() => {
  rmSync(folder, { recursive: true });
});

function dicomFiles(): string[] {
  return readdirSync(join(data ?? '', 'dicom'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => join(data ?? '', 'dicom', name));
}

interface Report {
  readonly path: string;
  readonly frames: number;
  readonly decoder: string;
  readonly difference: number;
}

/** Decodes every frame of these files here and there. */
async function compareStored(files: readonly (readonly [string, DicomFile])[]): Promise<Report[]> {
  const manifest = [];
  for (const [path, file] of files) {
    const frames = [];
    for (let number = 1; number <= file.frameCount; number++) {
      const { values, width, height, samples } = await file.stored(number);
      const name = join(folder, `${manifest.length}-${number}.raw`);
      writeFileSync(name, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      const dtype = values.constructor.name.replace('Array', '').toLowerCase();
      const shape = samples === 1 ? [height, width] : [height, width, samples];
      frames.push({ number, values: name, dtype, shape });
    }
    manifest.push({ path, frames });
  }
  const list = join(folder, 'manifest.json');
  writeFileSync(list, JSON.stringify(manifest));
  const lines = run('dicom_pixels.py', list).trim().split('\n');
  assert.equal(lines.length, manifest.length);
  return lines.map((line) => JSON.parse(line) as Report);
}

describe('stored values', () => {
  it('equal pydicom’s in every frame of every real file', { skip: noData }, async () => {
    const files: [string, DicomFile][] = [];
    for (const path of dicomFiles())
      files.push([path, await decodeDicom(readFileSync(path), basename(path))]);
    for (const { path, frames, decoder, difference } of await compareStored(files)) {
      console.log(`${basename(path)}: ${frames} frames, difference from ${decoder} ${difference}`);
      assert.equal(difference, 0, path);
    }
  });

  it('equal pydicom’s on its own test files, as far as both read them', { skip: noPython }, async () => {
    const locate = 'import pydicom, os; print(os.path.join(pydicom.__path__[0], "data", "test_files"))';
    const place = execFileSync(python ?? '', ['-c', locate], { encoding: 'utf8' }).trim();
    const files: [string, DicomFile][] = [];
    for (const name of readdirSync(place).filter((file) => file.endsWith('.dcm'))) {
      try {
        const file = await decodeDicom(readFileSync(join(place, name)), name);
        await file.stored(1);
        // Lossy colour has no exact answer.
        if (file.transferSyntax !== 'JPEG Baseline') files.push([join(place, name), file]);
      } catch (error) {
        if (!(error instanceof SaltError)) throw error;
      }
    }
    for (const { path, difference } of await compareStored(files)) assert.equal(difference, 0, path);
    console.log(`${files.length} of pydicom's own files agree`);
    assert.ok(files.length >= 25, `only ${files.length} files were read`);
  });
});

const synthetic = [
  {
    name: 'a cine without frame of reference, odd size, Japanese name',
    bytes: writeImage({
      rows: 37,
      columns: 29,
      frames: 5,
      pixels: new Uint8Array(37 * 29 * 5),
      sopInstanceUid: '1.2.826.0.1.1',
      studyInstanceUid: '1.2.826.0.1.2',
      extra: [
        ['00080005', 'CS', 'ISO_IR 192'],
        ['00100010', 'PN', new TextEncoder().encode('Yamada^Tarou=山田^太郎')],
        ['0020000e', 'UI', '1.2.826.0.1.3'],
      ],
    }),
    patient: 'Yamada^Tarou=山田^太郎',
  },
  {
    name: 'a single colour photograph',
    bytes: writeImage({
      rows: 16,
      columns: 33,
      samples: 3,
      photometric: 'RGB',
      pixels: new Uint8Array(16 * 33 * 3),
      sopInstanceUid: '1.2.826.0.1.4',
      studyInstanceUid: '1.2.826.0.1.5',
      extra: [
        ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.77.1.5.1'],
        ['00280030', 'DS', '0.01\\0.01'],
      ],
    }),
    patient: 'Test^Patient',
  },
];

describe('segmentations', { skip: noPython }, () => {
  for (const { name, bytes, patient } of synthetic) {
    it(`read back pixel for pixel in pydicom and highdicom: ${name}`, async () => {
      await compare(bytes, patient);
    });
  }

  it('do so for the studies that the viewer shows by itself: XA cines, a photograph, an OCT angiogram', async () => {
    const { instances } = await writeDemoStudies(join(folder, 'demo'));
    assert.deepEqual(
      instances.map(({ sopClassUid }) => sopClassUid.replace(/^1\.2\.840\.10008\.5\.1\.4\.1\.1\./u, '')),
      ['12.1', '12.1', '77.1.5.1', '77.1.5.1'],
    );
    for (const { file } of instances) await compare(readFileSync(join(folder, 'demo', file)));
  });

  it('do so for real files too', { skip: noData }, async () => {
    for (const path of dicomFiles().filter((name) => /IM8|XA1_UNC|op.dcm/u.test(name))) {
      await compare(readFileSync(path));
    }
  });
});

/** Writes masks on frames 4 and 2, or on the only one: as the command line does, and as the viewer does. */
async function compare(bytes: Uint8Array, patient?: string): Promise<void> {
  const source = await decodeDicom(bytes, 'source.dcm');
  const { width, height, frameCount } = source;
  const draw = (seed: number): Mask => ({
    width,
    height,
    data: Uint8Array.from({ length: width * height }, (_, i) => ((i * seed + (i >> 3)) % 7 < 2 ? 1 : 0)),
  });
  const numbers = frameCount > 1 ? [4, 2] : [1];
  const frames = numbers.map((frameNumber) => ({
    frameNumber,
    masks: [draw(frameNumber), draw(frameNumber + 4)],
  }));
  const algorithm = { name: 'salt', version: '0.1.0' };
  const about = {
    segments: [
      { label: 'Vein', algorithmType: 'AUTOMATIC', algorithm },
      { label: 'Artery', algorithmType: 'SEMIAUTOMATIC', algorithm },
    ],
    seriesDescription: 'SALT',
    softwareVersion: '0.1.0',
  } as const;
  const byFile = await encodeSeg({ ...about, frames: frames.map((frame) => ({ ...frame, source })) });
  const metadata = await naturalized(source);
  const byMetadata = await encodeSegFromMetadata({
    ...about,
    frames: frames.map((frame) => ({ ...frame, source: metadata })),
  });
  const masks = frames.flatMap(({ frameNumber, masks: drawn }) =>
    drawn.map((mask, segment) => {
      const values = join(folder, `mask-${frameNumber}-${segment}.raw`);
      writeFileSync(values, mask.data);
      return { segment: segment + 1, frame: frameNumber, values };
    }),
  );
  const list = join(folder, 'masks.json');
  const { sopInstanceUid, studyInstanceUid } = source.identity;
  writeFileSync(list, JSON.stringify({ source: sopInstanceUid, rows: height, columns: width, masks }));
  for (const seg of [byFile, byMetadata.bytes]) {
    const segPath = join(folder, 'seg.dcm');
    writeFileSync(segPath, seg);
    const report = JSON.parse(run('dicom_seg.py', segPath, list)) as Record<string, unknown>;
    assert.equal(report['pydicom'], 0);
    assert.equal(report['highdicom'], 0);
    assert.deepEqual(report['segments'], [
      { label: 'Vein', type: 'Vein', algorithm: 'AUTOMATIC', tracking: 'Vein' },
      { label: 'Artery', type: 'Artery', algorithm: 'SEMIAUTOMATIC', tracking: 'Artery' },
    ]);
    assert.equal(report['study'], studyInstanceUid);
    if (patient !== undefined) assert.equal(report['patient'], patient);
  }
}

/** An image's attributes by keyword, as viewers make them of what an archive answers. */
async function naturalized({ dataSet }: DicomFile): Promise<Naturalized> {
  const { data } = await import('dcmjs');
  return data.DicomMetaDictionary.naturalizeDataset(toDicomJson(dataSet, { bulkData: (path) => path }));
}
