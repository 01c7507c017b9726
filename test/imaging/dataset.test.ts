import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openDicomDataset } from '../../src/imaging/dataset/dicom.node.ts';
import { openFolderDataset } from '../../src/imaging/dataset/folder.node.ts';
import { union } from '../../src/imaging/dataset/segments.ts';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import type { SegFrame } from '../../src/imaging/dicom/seg-read.ts';
import { encodeSeg } from '../../src/imaging/dicom/seg-write.ts';
import type { Mask } from '../../src/imaging/frame.ts';
import { encodeFramePng, encodeMaskPng } from '../../src/imaging/mask.ts';
import { writeImage } from './dicom-writer.ts';

let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'salt-dataset-'));
});
after(() => {
  rmSync(root, { recursive: true });
});

const write = (path: string, bytes: Uint8Array | string): string => {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, bytes);
  return full;
};
const dot = (width: number, height: number, at: number): Mask => {
  const data = new Uint8Array(width * height);
  data[at] = 1;
  return { width, height, data };
};
const image = (width: number, height: number, value: number) =>
  encodeFramePng({ width, height, channels: 1, pixels: new Float32Array(width * height).fill(value) });
const cine = (name: string, more: Partial<Parameters<typeof writeImage>[0]> = {}) =>
  writeImage({
    rows: 4,
    columns: 6,
    frames: 3,
    pixels: Uint8Array.from({ length: 72 }, (_, i) => Math.floor(i / 24) * 50),
    sopInstanceUid: name,
    ...more,
  });
const seg = async (bytes: Uint8Array, masks: readonly [frame: number, at: number][], label = 'Vein') => {
  const source = await decodeDicom(bytes, 'source.dcm');
  return encodeSeg({
    segments: [{ label, algorithmType: 'MANUAL' }],
    frames: masks.map(([frameNumber, at]) => ({ source, frameNumber, masks: [dot(6, 4, at)] })),
    seriesDescription: 'test',
    softwareVersion: '0',
  });
};

describe('a folder', () => {
  it('becomes samples that load their own files when asked', async () => {
    write('a/images/1.png', image(5, 3, 10));
    write('a/images/2.png', image(5, 3, 20));
    write('a/images/10.png', image(5, 3, 30));
    write('a/images/Thumbs.db', 'x');
    for (const n of [1, 2, 10]) write(`a/masks/${n}_mask.png`, encodeMaskPng(dot(5, 3, n)));
    write('a/fov/1.png', encodeMaskPng(dot(5, 3, 0)));
    write('a/data_split.csv', 'imgs,split\n1.png,train\n2.png,test\n10.png,train\n');
    const { samples, problems } = await openFolderDataset(join(root, 'a'));
    assert.deepEqual(
      samples.map(({ id, split }) => `${id} ${split}`),
      ['1 train', '2 test', '10 train'],
    );
    assert.equal(problems.length, 2);
    assert.equal((await samples[1]?.loadFrame())?.pixels[0], 20);
    assert.deepEqual(await samples[1]?.loadMask(), dot(5, 3, 2));
    assert.deepEqual(await samples[0]?.loadFieldOfView?.(), dot(5, 3, 0));
    assert.equal(samples[1]?.loadFieldOfView, undefined);
    assert.equal(samples[0]?.group, undefined);
  });

  it('may hold DICOM cines: each frame a sample, the patient its group', async () => {
    write('b/images/IM1.dcm', cine('1.1', { patientId: 'A' }));
    write('b/images/IM2', cine('1.2', { patientId: '' }));
    write('b/images/broken.dcm', cine('1.3').subarray(0, 400));
    write('b/masks/IM1.png', encodeMaskPng(dot(6, 4, 7)));
    write('b/masks/IM2_3.png', encodeMaskPng(dot(6, 4, 8)));
    const { samples, problems } = await openFolderDataset(join(root, 'b'));
    assert.deepEqual(
      samples.map(({ id, group }) => `${id} ${group}`),
      ['IM1#1 A', 'IM1#2 A', 'IM1#3 A', 'IM2#3 1.2.3.1'],
    );
    assert.equal((await samples[2]?.loadFrame())?.pixels[0], 100);
    assert.deepEqual(await samples[3]?.loadMask(), dot(6, 4, 8));
    assert.match(problems.join('\n'), /broken\.dcm cannot be read/);
  });

  it('may hold masks at another scale, not of another shape', async () => {
    write('c/images/big.png', image(4, 2, 0));
    write('c/images/odd.png', image(4, 2, 0));
    const data = Uint8Array.from({ length: 32 }, (_, i) => (i % 8 < 4 ? 1 : 0));
    write('c/masks/big.png', encodeMaskPng({ width: 8, height: 4, data }));
    write('c/masks/odd.png', encodeMaskPng(dot(4, 3, 0)));
    const { samples } = await openFolderDataset(join(root, 'c'));
    assert.deepEqual([...((await samples[0]?.loadMask())?.data ?? [])], [1, 1, 0, 0, 1, 1, 0, 0]);
    await assert.rejects(async () => samples[1]?.loadMask(), {
      code: 'DATASET_INVALID',
      message: /odd is 4 x 3, its frame 4 x 2/,
    });
  });

  it('that cannot be used is refused with what was looked for', async () => {
    await assert.rejects(openFolderDataset(join(root, 'nowhere')), {
      code: 'DATASET_INVALID',
      message: /images\/ and masks\//,
    });
    write('d/images/1.png', image(2, 2, 0));
    await assert.rejects(openFolderDataset(join(root, 'd')), {
      code: 'DATASET_INVALID',
      message: /has no masks\//,
    });
    write('d/masks/other.png', encodeMaskPng(dot(2, 2, 0)));
    await assert.rejects(openFolderDataset(join(root, 'd')), {
      code: 'DATASET_INVALID',
      message: /no frame with a mask: 1 images were looked at[\s\S]*1\.png: no mask is named like it/,
    });
  });
});

describe('DICOM files', () => {
  it('find their segmentations by reference, in whatever order they come', async () => {
    const [one, two] = [cine('2.1'), cine('2.2', { patientId: 'Q' })];
    const paths = [
      write(
        'e/s2.dcm',
        await seg(two, [
          [3, 1],
          [1, 2],
        ]),
      ),
      write('e/two.dcm', two),
      write('e/s1.dcm', await seg(one, [[2, 5]])),
      write('e/one.dcm', one),
    ];
    const { samples, problems } = await openDicomDataset(paths);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      samples.map(({ id, group }) => `${id} ${group}`),
      ['two#1 Q', 'two#3 Q', 'one#2 P1'],
    );
    assert.deepEqual(await samples[0]?.loadMask(), dot(6, 4, 2));
    assert.deepEqual(await samples[1]?.loadMask(), dot(6, 4, 1));
    assert.deepEqual(await samples[2]?.loadMask(), dot(6, 4, 5));
    assert.equal((await samples[1]?.loadFrame())?.source.frameNumber, 3);
  });

  it('share a mask between two segmentations of one frame', async () => {
    const one = cine('3.1');
    const paths = [
      write('f/one.dcm', one),
      write('f/a.dcm', await seg(one, [[1, 5]])),
      write('f/b.dcm', await seg(one, [[1, 6]])),
    ];
    const { samples } = await openDicomDataset(paths);
    const mask = await samples[0]?.loadMask();
    assert.deepEqual([mask?.data[5], mask?.data[6], mask?.data[7]], [1, 1, 0]);
  });

  it('share one also where the two are drawn at different scales, unless their shapes differ', async () => {
    const of = (width: number, height: number, column: number): SegFrame => ({
      segment: 1,
      references: [],
      mask: async () => ({
        width,
        height,
        data: Uint8Array.from({ length: width * height }, (_, i) => (i % width === column ? 1 : 0)),
      }),
    });
    const both = await union([of(2, 2, 1), of(4, 4, 0)]);
    assert.deepEqual([both.width, both.height], [4, 4]);
    assert.deepEqual([...both.data], new Array(4).fill([1, 0, 1, 1]).flat());
    await assert.rejects(union([of(4, 4, 0), of(4, 2, 0)]), {
      code: 'DATASET_INVALID',
      message: /4 x 4 and 4 x 2/u,
    });
  });

  it('use the segment that the word names, or the only one, with a remark', async () => {
    const one = cine('4.1');
    const source = await decodeDicom(one, 'one.dcm');
    const both = await encodeSeg({
      segments: [
        { label: 'Veins', algorithmType: 'MANUAL' },
        {
          label: 'Segment 2',
          property: { category: code('Anatomical Structure'), type: code('Artery') },
          algorithmType: 'MANUAL',
        },
      ],
      frames: [{ source, frameNumber: 1, masks: [dot(6, 4, 1), dot(6, 4, 2)] }],
      seriesDescription: 'test',
      softwareVersion: '0',
    });
    const paths = [write('g/one.dcm', one), write('g/both.dcm', both)];
    for (const [word, at] of [
      ['vein', 1],
      ['Artery', 2],
    ] as const) {
      const { samples } = await openDicomDataset(paths, { segment: word });
      assert.deepEqual(await samples[0]?.loadMask(), dot(6, 4, at));
    }
    await assert.rejects(openDicomDataset(paths), {
      code: 'DATASET_INVALID',
      message: /"Veins", "Segment 2"; say which/,
    });
    await assert.rejects(openDicomDataset(paths, { segment: 'Stent' }), {
      message: /none of them is called "Stent"/,
    });
    const single = [paths[0] ?? '', write('g/single.dcm', await seg(one, [[1, 3]], 'Segment 1'))];
    const { samples, problems } = await openDicomDataset(single, { segment: 'Vein' });
    assert.equal(samples.length, 1);
    assert.match(problems.join('\n'), /called "Segment 1", not "Vein"; it is used all the same/);
  });

  it('take image masks from masks/ beside them, and segmentations before those', async () => {
    const one = cine('5.1');
    const path = write('h/IM1.dcm', one);
    write('h/masks/IM1.png', encodeMaskPng(dot(6, 4, 0)));
    const alone = await openDicomDataset([path]);
    assert.deepEqual(
      alone.samples.map(({ id }) => id),
      ['IM1#1', 'IM1#2', 'IM1#3'],
    );
    const mixed = await openDicomDataset([path, write('h/seg.dcm', await seg(one, [[2, 9]]))]);
    assert.deepEqual(await mixed.samples[0]?.loadMask(), dot(6, 4, 0));
    assert.deepEqual(await mixed.samples[1]?.loadMask(), dot(6, 4, 9));
    assert.match(mixed.problems.join('\n'), /the segmentation is used/);
  });

  it('report segmentations of images that are not there, and images without any mask', async () => {
    const [one, two] = [cine('6.1'), cine('6.2')];
    const paths = [
      write('i/one.dcm', one),
      write('i/s2.dcm', await seg(two, [[1, 1]])),
      write('i/s1.dcm', await seg(one, [[1, 1]])),
    ];
    const { problems } = await openDicomDataset([...paths, write('i/three.dcm', cine('6.3'))]);
    assert.match(problems.join('\n'), /s2\.dcm: the image it was drawn on \(6\.2\) is not among the files/);
    assert.match(problems.join('\n'), /three\.dcm: no segmentation refers to it/);
    await assert.rejects(openDicomDataset([paths[0] ?? '', join(root, 'gone.dcm')]), {
      code: 'DATASET_INVALID',
      message: /None of these 2 DICOM files has a mask[\s\S]*gone\.dcm cannot be read/,
    });
  });
});

function code(meaning: string) {
  return { value: '1', scheme: '99TEST', meaning };
}
