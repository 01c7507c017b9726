import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unzipSync, zipSync } from 'fflate';
import { BlobReader, BlobWriter, TextWriter, ZipReader, ZipWriter } from '@zip.js/zip.js';
import type { CollectedFrame } from '../../extension/src/store/collected-frame.ts';
import { exportSet, importSet } from '../../extension/src/workflow/frames/set-archive.ts';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { readSeg } from '../../src/imaging/dicom/seg-read.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import type { FramePixels, Role } from '../../src/protocol/frames.ts';

const VALUES: Readonly<Record<string, FramePixels['values']>> = {
  bytes: Uint8Array.of(0, 7, 200, 255),
  '16 bit': Uint16Array.of(0, 4095, 65535, 1),
  signed: Int16Array.of(-1024, 0, 32767, -32768),
  'whole but wide': Int32Array.of(-100_000, 0, 5, 2_000_000_000),
  'whole and narrow': Int32Array.of(100_000, 100_001, 100_002, 165_535),
  fractions: Float32Array.of(0.25, -3.5, 1e9, 0),
  'whole floats': Float32Array.of(-1000, 0, 400, 3071),
};

const exported = (set: readonly CollectedFrame[], roles: ReadonlyMap<string, Role> = new Map()) =>
  exportSet(set, roles, { codes: {}, version: '0.1.0' });

async function packed(set: readonly CollectedFrame[], roles: ReadonlyMap<string, Role>): Promise<Blob> {
  const { zip, leftOut } = await exported(set, roles);
  assert.deepEqual(leftOut, []);
  return zip;
}

function collected(name: string, values: FramePixels['values'], index: number): CollectedFrame {
  const mask = (...data: number[]) => ({ width: 2, height: 2, data: Uint8Array.from(data) });
  return {
    id: `1.2.${index}#3`,
    ref: { studyInstanceUid: '1', seriesInstanceUid: '1.1', sopInstanceUid: `1.2.${index}`, frameNumber: 3 },
    seriesDescription: name,
    modality: 'XA',
    group: 'MÜLLER^ANNA 1950-01-01',
    ...(index % 2 === 1 && { drafted: true }),
    frame: {
      width: 2,
      height: 2,
      channels: 1,
      values,
      ...(index % 2 === 0 && { window: { lower: -5, upper: 9.5 }, inverted: true }),
      ...(index % 3 === 0 && { background: Uint8Array.of(0, 9, 128, 255) }),
    },
    masks: [
      { word: 'Vein', mask: mask(0, 1, 1, 0) },
      { word: 'Left artery', mask: mask(0, 0, 0, 0) },
    ],
    ...(index === 1 && { chosenRole: 'heldOut' as const }),
    collectedAt: `2026-11-25T12:00:0${index}.000Z`,
  };
}

const frames = Object.entries(VALUES).map(([name, values], index) => collected(name, values, index));

test('every kind of pixel comes back to the bit, with window, still background, masks, words, role and whether it was a draft', async () => {
  const zip = await packed(frames, new Map([[frames[1]!.id, 'heldOut']]));
  const back = await importSet(zip);
  assert.deepEqual(
    back,
    frames.map((frame) => ({ ...frame, group: 'patient-1' })),
  );
});

test('a frame of which a part was painted stays one, and the command line sees that part alone', async () => {
  const part: CollectedFrame = { ...frames[0]!, paintedPartOnly: true };
  const zip = await packed([part, frames[1]!], new Map());
  const back = await importSet(zip);
  assert.deepEqual(
    back.map(({ paintedPartOnly }) => paintedPartOnly),
    [true, undefined],
  );
  const names = (await new ZipReader(new BlobReader(zip)).getEntries()).map(({ filename }) => filename);
  assert.ok(names.includes('fov/0001.png') && names.includes('fov/0002.png'));
  const whole = (await new ZipReader(new BlobReader(await packed(frames, new Map()))).getEntries()).map(
    ({ filename }) => filename,
  );
  assert.ok(!whole.some((name) => name.startsWith('fov/')));
});

test('colour comes back too', async () => {
  const colour: CollectedFrame = {
    ...frames[0]!,
    frame: { width: 2, height: 2, channels: 3, values: Uint8Array.from({ length: 12 }, (_, at) => at * 20) },
  };
  assert.deepEqual((await importSet(await packed([colour], new Map())))[0]?.frame, colour.frame);
});

test('the ZIP is a folder that the command line trains on, without a patient’s name', async () => {
  const zip = new ZipReader(new BlobReader(await packed(frames, new Map([[frames[1]!.id, 'heldOut']]))));
  const texts = new Map<string, string>();
  for (const entry of await zip.getEntries()) {
    if (!entry.directory) texts.set(entry.filename, await entry.getData(new TextWriter()));
  }
  assert.ok(
    texts.has('images/0001.png') &&
      texts.has('masks-vein/0001.png') &&
      texts.has('masks-left-artery/0007.png'),
  );
  assert.match(texts.get('data_split.csv') ?? '', /^image,split\n0001\.png,train\n0002\.png,val\n/);
  assert.ok(![...texts.values()].some((text) => text.includes('ANNA')));
});

test('anything else is refused with what to choose instead', async () => {
  await assert.rejects(importSet(new Blob(['no zip'])), { code: 'DATASET_INVALID', message: /Export/ });
  const masks = [{ word: 'Vein'.repeat(17), mask: frames[0]!.masks[0]!.mask }];
  const longWord = await packed([{ ...frames[0]!, masks }], new Map());
  await assert.rejects(importSet(longWord), {
    code: 'DATASET_INVALID',
    message: /: frames\.0\.masks\.0\.word: .*<=64 characters/,
  });
});

test('an image or a mask of another size than the manifest states is refused before it is unpacked', async () => {
  for (const name of ['images/0001.png', 'masks-vein/0001.png', 'backgrounds/0001.png']) {
    const zip = await packed(frames.slice(0, 1), new Map());
    const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    const png = files[name];
    assert.ok(png);
    // Its pixels are no stream of DEFLATE: who unpacks them fails with another message.
    const view = new DataView(png.buffer, png.byteOffset);
    view.setUint32(16, 60_000);
    png.fill(0xff, 41, -16);
    const forged = new Blob([zipSync(files)]);
    await assert.rejects(importSet(forged), { code: 'DATASET_INVALID', message: /not of the size/ });
  }
});

test('a ZIP that was packed anew, with compression, is read too', async () => {
  const reader = new ZipReader(new BlobReader(await packed(frames.slice(0, 2), new Map())));
  const writer = new ZipWriter(new BlobWriter('application/zip'));
  for (const entry of await reader.getEntries()) {
    if (!entry.directory)
      await writer.add(entry.filename, new BlobReader(await entry.getData(new BlobWriter())));
  }
  assert.deepEqual(
    await importSet(await writer.close()),
    await importSet(await packed(frames.slice(0, 2), new Map())),
  );
});

test('an archive with a flipped byte is refused, or is read as it was', async () => {
  const whole = await packed(frames.slice(0, 1), new Map());
  const bytes = new Uint8Array(await whole.arrayBuffer());
  const imported = await importSet(whole);
  let refused = 0;
  for (let at = 3; at < bytes.length; at += 61) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    try {
      // Dates and the like are not what is imported.
      assert.deepEqual(await importSet(new Blob([damaged])), imported, `byte ${at}`);
    } catch (error) {
      assert.ok(
        error instanceof SaltError && error.code === 'DATASET_INVALID',
        `byte ${at}: ${String(error)}`,
      );
      refused++;
    }
  }
  assert.ok(refused > bytes.length / 61 / 2, `${refused} refused`);
});

test('what is damaged is named, with what to do', async () => {
  const whole = new Uint8Array(await (await packed(frames.slice(0, 1), new Map())).arrayBuffer());
  // The first file's own bytes follow its header of 30 bytes and its name.
  const at = 30 + 'images/0001.png'.length + 20;
  whole[at] = (whole[at] ?? 0) ^ 1;
  await assert.rejects(importSet(new Blob([whole])), {
    code: 'DATASET_INVALID',
    message: /damaged: "images\/0001\.png".*Nothing was imported.*download the file again/u,
  });
});

const fromImage = (
  sopClass: string,
  series: string,
  more: Readonly<Record<string, string>>,
  index: number,
): CollectedFrame => {
  const base = frames[index]!;
  return {
    ...base,
    ref: { ...base.ref, seriesInstanceUid: series },
    source: { SOPClassUID: sopClass, ...more },
  };
};

test('for other tools the masks are there as DICOM SEG, one for each series, which name no patient', async () => {
  const XA = '1.2.840.10008.5.1.4.1.1.12.1';
  const OP = '1.2.840.10008.5.1.4.1.1.77.1.5.1';
  const set: readonly CollectedFrame[] = [
    fromImage(XA, '1.1', { NumberOfFrames: '9', ImagerPixelSpacing: '0.3\\0.4' }, 0),
    fromImage(OP, '1.9', { NumberOfFrames: '3' }, 1),
    fromImage(XA, '1.1', { NumberOfFrames: '9', ImagerPixelSpacing: '0.3\\0.4' }, 2),
    // As an earlier version collected it.
    frames[3]!,
  ];
  const zip = await packed(set, new Map());
  assert.equal((await importSet(zip)).length, 4);
  const entries = await new ZipReader(new BlobReader(zip)).getEntries();
  const files = entries.filter(({ filename }) => filename.startsWith('segmentations/'));
  assert.deepEqual(
    files.map(({ filename }) => filename),
    ['segmentations/0001.dcm', 'segmentations/0002.dcm'],
  );
  const read = [];
  for (const file of files) {
    assert.ok(!file.directory);
    const bytes = new Uint8Array(await (await file.getData(new BlobWriter())).arrayBuffer());
    read.push(await decodeDicom(bytes, file.filename));
  }
  for (const { dataSet } of read) {
    assert.equal(dataSet.string('x00100010') ?? '', '');
    assert.equal(dataSet.string('x00100020') ?? '', '');
    assert.equal(dataSet.string('x00120062'), 'YES');
    assert.equal(dataSet.string('x0020000d'), '1');
  }
  const [angiogram, photograph] = read.map(readSeg);
  assert.deepEqual(
    angiogram?.segments.map(({ label, algorithmType }) => [label, algorithmType]),
    [['Vein', 'MANUAL']],
  );
  // Its frame began as a draft.
  assert.equal(photograph?.segments[0]?.algorithmType, 'SEMIAUTOMATIC');
  assert.deepEqual(
    angiogram.frames.map(({ references }) => references),
    [[{ sopInstanceUid: '1.2.0', frameNumbers: [3] }], [{ sopInstanceUid: '1.2.2', frameNumbers: [3] }]],
  );
  assert.deepEqual(await angiogram.frames[0]?.mask(), set[0]?.masks[0]?.mask);
  assert.equal(photograph.frames[0]?.references[0]?.sopInstanceUid, '1.2.1');
});

test('a series whose images contradict themselves is named, and does not keep the others from DICOM SEG', async () => {
  const XA = '1.2.840.10008.5.1.4.1.1.12.1';
  // Both frames are the third of their image; the first image says that it has two.
  const { zip, leftOut } = await exported([
    fromImage(XA, '1.1', { NumberOfFrames: '2' }, 0),
    fromImage(XA, '1.3', { NumberOfFrames: '5' }, 2),
  ]);
  assert.deepEqual(
    leftOut.map(({ seriesDescription }) => seriesDescription),
    ['bytes'],
  );
  assert.match(leftOut[0]?.reason ?? '', /frame 3 .*which has 2/u);
  const names = (await new ZipReader(new BlobReader(zip)).getEntries()).map(({ filename }) => filename);
  assert.deepEqual(
    names.filter((name) => name.startsWith('segmentations/')),
    ['segmentations/0001.dcm'],
  );
  assert.equal((await importSet(zip)).length, 2);
});

test('words that differ in signs alone have masks of their own, also where they are spelt otherwise on another frame', async () => {
  const mask = (...data: number[]) => ({ width: 2, height: 2, data: Uint8Array.from(data) });
  const [frame] = frames;
  assert.ok(frame);
  const set: CollectedFrame[] = [
    {
      ...frame,
      masks: [
        { word: 'Stenosis > 50 %', mask: mask(1, 0, 0, 0) },
        { word: 'Stenosis < 50 %', mask: mask(0, 1, 1, 0) },
      ],
    },
    { ...frame, id: '1.2.9#3', masks: [{ word: 'stenosis < 50 %', mask: mask(0, 0, 1, 1) }] },
  ];
  const back = await importSet(await packed(set.slice(0, 1), new Map()));
  assert.deepEqual(back[0]?.masks, set[0]?.masks);
  const { zip } = await exported(set);
  const names = (await new ZipReader(new BlobReader(zip)).getEntries()).map(({ filename }) => filename);
  const masks = names.filter((name) => name.startsWith('masks-'));
  assert.deepEqual(masks, [
    'masks-stenosis-50-/0001.png',
    'masks-stenosis-50--2/0001.png',
    'masks-stenosis-50--2/0002.png',
  ]);
});
