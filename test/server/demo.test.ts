import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { generateOcta } from '../../src/generator/octa/octa.ts';
import { generateRun } from '../../src/generator/xray/cine.ts';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import type { DicomFile } from '../../src/imaging/dicom/dicom-file.ts';
import { encodeInstance } from '../../src/server/demo/dicom-file.ts';
import { readDemoTruth, writeDemoStudies } from '../../src/server/demo/index.ts';
import type { DemoInstance, DemoStudies } from '../../src/server/demo/index.ts';
import { stableUid } from '../../src/server/demo/stable-uid.ts';
import { XA_STORAGE, xaAttributes } from '../../src/server/demo/xa-attributes.ts';

const checker = spawnSync('dciodvfy', ['-version']).error ? 'dciodvfy is not installed' : false;

test('a run becomes an XA image with the same pixels, and equal runs equal files', async () => {
  const { frames } = generateRun(3, 128, 4);
  const pixels = Uint8Array.from(frames.flatMap(({ frame }) => [...frame.pixels]));
  const ids = { sopClassUid: XA_STORAGE, sopInstanceUid: stableUid('test') };
  const attributes = xaAttributes({ primary: 30, secondary: 0, frameRate: 15 }, 128, 4);
  const bytes = await encodeInstance(ids, attributes, pixels);
  assert.deepEqual(await encodeInstance(ids, attributes, pixels), bytes);
  const file = await decodeDicom(bytes, 'run.dcm');
  assert.equal(file.frameCount, 4);
  for (const [index, { frame }] of frames.entries()) {
    const read = await file.frame(index + 1);
    assert.deepEqual(read.pixels, frame.pixels);
    // 200 mm on the detector, smaller by the magnification in the patient.
    assert.ok(Math.abs((read.spacing?.[0] ?? 0) - (200 / 128) * (780 / 1050)) < 1e-4);
  }
});

test('UIDs follow from their names and are valid', () => {
  assert.equal(stableUid('a'), stableUid('a'));
  assert.notEqual(stableUid('a'), stableUid('b'));
  assert.match(stableUid('a'), /^2\.25\.[1-9]\d{0,38}$/u);
});

test('without studies there is no truth', async () => {
  await assert.rejects(readDemoTruth(join(tmpdir(), 'no-such-folder')), { code: 'FILE_UNREADABLE' });
});

describe('the demonstration studies', () => {
  let root = '';
  let studies: DemoStudies;

  const folder = (): string => join(root, 'archive');
  const open = async ({ file }: DemoInstance): Promise<DicomFile> =>
    decodeDicom(new Uint8Array(await readFile(join(folder(), file))), file);

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'salt-demo-'));
    studies = await writeDemoStudies(folder());
  });
  after(() => rm(root, { recursive: true, force: true }));

  test('are two runs of one patient, and a photograph and an OCT angiogram of another', async () => {
    assert.equal(studies.written, true);
    const files = await Promise.all(studies.instances.map(open));
    assert.deepEqual(
      files.map(({ identity, frameCount, width }) => [identity.modality, frameCount, width]),
      [
        ['XA', 30, 512],
        ['XA', 30, 512],
        ['OP', 1, 768],
        ['OP', 1, 608],
      ],
    );
    const studyUids = files.map(({ identity }) => identity.studyInstanceUid);
    assert.equal(new Set(studyUids).size, 2);
    assert.equal(new Set(files.map(({ identity }) => identity.seriesInstanceUid)).size, 4);
    for (const [index, { identity }] of files.entries()) {
      const listed = studies.instances[index];
      assert.ok(listed);
      assert.equal(identity.sopInstanceUid, listed.sopInstanceUid);
      assert.equal(identity.studyInstanceUid, listed.studyInstanceUid);
      assert.equal(identity.seriesInstanceUid, listed.seriesInstanceUid);
    }
  });

  test('read back with the pixels that were drawn', async () => {
    const octa = studies.instances.at(-1);
    assert.ok(octa);
    const { values } = await (await open(octa)).stored(1);
    const { pixels } = generateOcta(18, 608).frame;
    assert.ok(pixels.every((value, i) => Math.round(value) === values[i]));
  });

  test('hold nothing but images in the archive, and the truth aside', async () => {
    const names = await readdir(folder());
    assert.ok(names.length === 4 && names.every((name) => name.endsWith('.dcm')), names.join());
    assert.equal(studies.truthFolder, `${folder()}-truth`);
  });

  test('come with the truth about every frame', async () => {
    const truth = await readDemoTruth(studies.truthFolder);
    assert.deepEqual(truth.instances, studies.instances);
    for (const { sopInstanceUid, frames, width, height } of truth.instances) {
      const last = frames.length;
      const vein = await truth.mask(sopInstanceUid, last, 'Vein');
      assert.deepEqual([vein.width, vein.height], [width, height]);
      const share = vein.data.reduce((sum, value) => sum + value, 0) / vein.data.length;
      assert.ok(share > 0.01 && share < 0.5, `${share} of the picture`);
      await assert.rejects(truth.mask(sopInstanceUid, last + 1, 'vein'), { code: 'INVALID_ARGUMENT' });
    }
    const [run, , fundus] = truth.instances;
    assert.ok(run && fundus);
    const unfilled = await truth.mask(run.sopInstanceUid, 1, 'vein');
    assert.ok(unfilled.data.every((value) => value === 0));
    const tube = await truth.mask(run.sopInstanceUid, 1, 'catheter');
    assert.ok(tube.data.includes(1));
    const artery = await truth.mask(fundus.sopInstanceUid, 1, 'artery');
    assert.notDeepEqual(artery, await truth.mask(fundus.sopInstanceUid, 1, 'vein'));
  });

  test('conform to DICOM', { skip: checker }, () => {
    for (const { file } of studies.instances) {
      const { stderr, stdout } = spawnSync('dciodvfy', [join(folder(), file)], { encoding: 'utf8' });
      const errors = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('Error'));
      assert.deepEqual(errors, [], file);
    }
  });

  test('are written once, other files are left alone, and what is missing comes back', async () => {
    const stranger = join(folder(), 'own.dcm');
    await writeFile(stranger, 'mine');
    const again = await writeDemoStudies(folder());
    assert.equal(again.written, false);
    assert.deepEqual(again.instances, studies.instances);

    const octa = join(folder(), studies.instances.at(-1)?.file ?? '');
    const bytes = await readFile(octa);
    await rm(octa);
    const drawn: string[] = [];
    const repaired = await writeDemoStudies(folder(), { onSeries: (series) => drawn.push(series) });
    assert.deepEqual([repaired.written, drawn.length], [true, 1]);
    assert.deepEqual(repaired.instances, studies.instances);
    assert.deepEqual(await readFile(octa), bytes);
    assert.equal((await stat(stranger)).size, 4);
  });
});
