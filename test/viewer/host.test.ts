import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page, Route } from 'playwright-core';
import { OHIF_INTEGRITY } from '../../.ci/ohif.mjs';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { readSeg } from '../../src/imaging/dicom/seg-read.ts';
import { remoteArchive } from '../../src/server/proxy.ts';
import type { HostTest } from '../browser/pages/ohif-host.ts';
import { writeImage } from '../imaging/dicom-writer.ts';
import type { ImageOptions } from '../imaging/dicom-writer.ts';
import { complaints } from './dciodvfy.ts';
import { skipWithoutViewer, withViewer } from './harness.ts';
import type { OpenViewer } from './harness.ts';
import { skipWithoutOrthanc, startOrthanc } from '../server/orthanc.ts';
import { difference, pattern } from './pattern.ts';
import { angiography, angiographyValue } from './studies.ts';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The tests' own extension, beside the plug-in, in the stock mode. */
const WITH_HOST_TEST = `window.config.extensions.push('/host-test/ohif-host.js');`;

const FRAMES = 6;
const SIZE = 128;
const study = angiography(FRAMES, SIZE, 41);

const photograph = (() => {
  const [rows, columns] = [96, 112];
  const pixels = Uint8Array.from({ length: rows * columns * 3 }, (_, i) => (i * 7 + (i >> 5)) & 255);
  const file = writeImage({
    rows,
    columns,
    samples: 3,
    photometric: 'RGB',
    pixels,
    sopInstanceUid: '1.2.826.0.1.3680043.8.498.42.1.1',
    studyInstanceUid: '1.2.826.0.1.3680043.8.498.42',
    extra: [
      ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.77.1.5.1'],
      ['00080060', 'CS', 'OP'],
      ['0020000e', 'UI', '1.2.826.0.1.3680043.8.498.42.1'],
      ['00200011', 'IS', '1'],
      ['00200013', 'IS', '1'],
    ],
  });
  const sum = pixels.reduce((total, value) => total + value, 0);
  return { studyInstanceUid: '1.2.826.0.1.3680043.8.498.42', rows, columns, file, sum };
})();

/** The nth of a series of single images, from 0. */
const sliceOf = (n: number, image: Omit<ImageOptions, 'bitsAllocated'>): Uint8Array =>
  writeImage({
    ...image,
    bitsAllocated: 16,
    sopInstanceUid: `1.2.826.0.1.3680043.8.498.43.1.${n + 1}`,
    studyInstanceUid: '1.2.826.0.1.3680043.8.498.43',
    extra: [
      ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.7.3'],
      ['00080060', 'CS', 'OT'],
      ['0020000e', 'UI', '1.2.826.0.1.3680043.8.498.43.1'],
      ['00200011', 'IS', '1'],
      ['00200013', 'IS', String(n + 1)],
      ...(image.extra ?? []),
    ],
  });

/** Slices of 16 bits with a rescale, low values bright: many images of one frame in one series. */
const slices = Array.from({ length: 3 }, (_, n) => {
  const [rows, columns] = [64, 80];
  const stored = Uint16Array.from({ length: rows * columns }, (__, i) => i + 1000 * n);
  return {
    sum: stored.reduce((total, value) => total + value * 2 - 100, 0),
    file: sliceOf(n, {
      rows,
      columns,
      photometric: 'MONOCHROME1',
      pixels: new Uint8Array(stored.buffer),
      extra: [
        ['00281050', 'DS', '5000'],
        ['00281051', 'DS', '4001'],
        ['00281052', 'DS', '-100'],
        ['00281053', 'DS', '2'],
      ],
    }),
  };
});

/** The slices, and one more of another size. */
const ofTwoSizes = [
  ...slices.map(({ file }) => file),
  sliceOf(3, { rows: 48, columns: 56, pixels: new Uint8Array(48 * 56 * 2).fill(7) }),
];

const skip = skipWithoutViewer === false ? skipWithoutOrthanc : skipWithoutViewer;

describe('OHIF behind the panel', { skip }, () => {
  // 3.14 has the cornerstone of 3.13.
  for (const ohif of Object.keys(OHIF_INTEGRITY).filter((version) => !version.startsWith('3.14.'))) {
    test(`${ohif}: masks are written, undone, painted over, saved and opened again`, async () => {
      await withArchive([study.file], ohif, async (viewer, orthanc) => {
        await openHostTest(viewer, study.studyInstanceUid);
        const { page } = viewer;
        const { sums, window } = await page.evaluate(() => inPage().pixels());
        assert.deepEqual(
          sums,
          Array.from({ length: FRAMES }, (_, frame) => sumOf(frame)),
        );
        assert.deepEqual(window, { lower: 0, upper: 255 });

        const frames = [0, 2, 5];
        const id = await page.evaluate((of) => inPage().paint(of, ['Vein', 'Artery']), frames);
        assert.deepEqual(await differences(page, id, frames), [0, 0, 0, 0, 0, 0]);
        await page.keyboard.press('Control+z');
        assert.deepEqual(await painted(page, id), [], 'one step undoes all of it');
        await page.keyboard.press('Control+y');
        assert.deepEqual(await differences(page, id, frames), [0, 0, 0, 0, 0, 0]);

        await page.evaluate(() => inPage().viewer.goTo(inPage().viewer.active()!.series.frames[3]!));
        assert.equal(await page.evaluate(() => inPage().viewer.active()?.frameIndex), 3);
        const brushed = await brush(page, id);
        await viewer.screenshot(`host-${ohif}`);
        assert.deepEqual(
          await differences(page, id, frames),
          [0, 0, 0, 0, 0, 0],
          'the brush hit another frame',
        );
        await page.keyboard.press('Control+z');
        await page.waitForFunction((of) => inPage().count(of, 1, 3) === 0, id);
        assert.ok(brushed > 100 && brushed < 4000, `the brush painted ${brushed} pixels`);

        const saved = await page.evaluate((of) => inPage().save(of), id);
        assert.equal(saved.frames, 3);
        assert.equal(saved.downloadedAs, undefined);
        assert.equal(saved.notListedYet, undefined);
        await verifyFile(await orthanc.instances('SEG'), frames, [SIZE, SIZE]);

        await openHostTest(viewer, study.studyInstanceUid);
        const again = await page.evaluate((of) => inPage().load(of), saved.sopInstanceUids[0]!);
        assert.deepEqual(await painted(page, again), frames);
        assert.deepEqual(await differences(page, again, frames), [0, 0, 0, 0, 0, 0]);
        await viewer.screenshot(`host-again-${ohif}`);
      });
    });
  }

  test('a colour photograph goes the same way', async () => {
    await withArchive([photograph.file], undefined, async (viewer, orthanc) => {
      await openHostTest(viewer, photograph.studyInstanceUid);
      const { page } = viewer;
      const { sums, channels } = await page.evaluate(() => inPage().pixels());
      assert.deepEqual({ sums, channels }, { sums: [photograph.sum], channels: 3 });
      const id = await page.evaluate(() => inPage().paint([0], ['Vein', 'Artery']));
      const saved = await page.evaluate((of) => inPage().save(of), id);
      await verifyFile(await orthanc.instances('SEG'), [0], [photograph.columns, photograph.rows]);
      await openHostTest(viewer, photograph.studyInstanceUid);
      const again = await page.evaluate((of) => inPage().load(of), saved.sopInstanceUids[0]!);
      assert.deepEqual(await differences(page, again, [0]), [0, 0]);
      await viewer.screenshot('host-photograph');
    });
  });

  test('so do images of one frame each, of 16 bits', async () => {
    const files = slices.map(({ file }) => file);
    await withArchive(files, undefined, async (viewer, orthanc) => {
      await openHostTest(viewer, '1.2.826.0.1.3680043.8.498.43');
      const { page } = viewer;
      assert.deepEqual(await page.evaluate(() => inPage().pixels()), {
        sums: slices.map(({ sum }) => sum),
        channels: 1,
        window: { lower: 2999.5, upper: 6999.5 },
        inverted: true,
      });
      const id = await page.evaluate(() => inPage().paint([0, 2], ['Vein', 'Artery']));
      const saved = await page.evaluate((of) => inPage().save(of), id);
      await verifyFile(await orthanc.instances('SEG'), [0, 2], [80, 64]);
      await openHostTest(viewer, '1.2.826.0.1.3680043.8.498.43');
      const again = await page.evaluate((of) => inPage().load(of), saved.sopInstanceUids[0]!);
      assert.deepEqual(await painted(page, again), [0, 2]);
      assert.deepEqual(await differences(page, again, [0, 2]), [0, 0, 0, 0]);
    });
  });

  test('images of two sizes make two files', async () => {
    await withArchive(ofTwoSizes, undefined, async (viewer, orthanc) => {
      await openHostTest(viewer, '1.2.826.0.1.3680043.8.498.43');
      const { page } = viewer;
      const id = await page.evaluate(() => inPage().paint([0, 3], ['Vein', 'Artery']));
      // The second is refused at first: what is saved again is that alone.
      let posts = 0;
      const isPost = (route: Route): boolean => route.request().method() === 'POST';
      await page.route('**/studies*', (route) =>
        isPost(route) && ++posts === 2 ? route.fulfill({ status: 503 }) : route.fallback(),
      );
      await assert.rejects(
        page.evaluate((of) => inPage().save(of), id),
        /HTTP 503/u,
      );
      assert.equal((await orthanc.instances('SEG')).length, 1);
      const saved = await page.evaluate((of) => inPage().save(of), id);
      assert.equal(posts, 3);
      assert.deepEqual([saved.frames, saved.sopInstanceUids.length], [2, 2]);
      const files = await orthanc.instances('SEG');
      const columns = await Promise.all(
        files.map(async (file) => (await decodeDicom(file, 'seg.dcm')).width),
      );
      assert.deepEqual([...columns].sort(), [56, 80]);
      for (const [file, frame, size] of [
        [files[columns.indexOf(80)], 0, [80, 64]],
        [files[columns.indexOf(56)], 3, [56, 48]],
      ] as const)
        await verifyFile(file ? [file] : [], [frame], size);
      await openHostTest(viewer, '1.2.826.0.1.3680043.8.498.43');
      for (const [n, frame] of [0, 3].entries()) {
        const again = await page.evaluate((of) => inPage().load(of), saved.sopInstanceUids[n]!);
        assert.deepEqual(await painted(page, again), [frame]);
        assert.deepEqual(await differences(page, again, [frame]), [0, 0]);
      }
    });
  });
});

/** Known in the page; the name is declared here for what is sent there. */
declare function inPage(): HostTest;

async function withArchive(
  files: readonly Uint8Array[],
  ohif: string | undefined,
  use: (viewer: OpenViewer, orthanc: Awaited<ReturnType<typeof startOrthanc>>) => Promise<void>,
): Promise<void> {
  execFileSync(process.execPath, [root('.ci/prepare.mjs'), '--pages'], { stdio: 'inherit' });
  const orthanc = await startOrthanc(files);
  try {
    await withViewer(
      async (viewer) => {
        await viewer.page.context().route('**/host-test/*', async (route) => {
          const name = new URL(route.request().url()).pathname.split('/').at(-1) ?? '';
          await route.fulfill({ path: root(`out/web/${name}`), contentType: 'text/javascript' });
        });
        await viewer.page.addInitScript('globalThis.inPage = () => globalThis.hostTest');
        await use(viewer, orthanc);
      },
      {
        archive: { kind: 'remote', ...remoteArchive(orthanc.dicomWeb) },
        config: WITH_HOST_TEST,
        ...(ohif !== undefined && { ohif }),
      },
    );
  } finally {
    await orthanc.close();
  }
}

async function openHostTest(viewer: OpenViewer, studyInstanceUid: string): Promise<void> {
  await viewer.open(studyInstanceUid, 'segmentation', viewer.page.locator('canvas').first());
  await viewer.page.waitForFunction(() => inPage().viewer.active() !== undefined);
}

const painted = (page: Page, id: string) => page.evaluate((of) => inPage().painted(of), id);

const differences = (page: Page, id: string, frames: readonly number[]) =>
  page.evaluate(([of, on]) => inPage().differences(of, on, 2), [id, frames] as const);

/** A stroke by hand across the middle of the image. @returns pixels of the first segment afterwards. */
async function brush(page: Page, id: string): Promise<number> {
  await page.evaluate(async (of) => {
    await inPage().viewer.activateSegment(of, 1);
    inPage().viewer.takeBrush('brush', 12);
  }, id);
  const box = await page.locator('canvas.cornerstone-canvas').first().boundingBox();
  assert.ok(box, 'there is no image');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x - 60, y);
  await page.mouse.down();
  await page.mouse.move(x + 60, y, { steps: 12 });
  await page.mouse.up();
  await page.waitForFunction((of) => inPage().count(of, 1, 3) > 0, id);
  return page.evaluate((of) => inPage().count(of, 1, 3), id);
}

/** The one file of the archive: by another program and by our reader, pixel for pixel. */
async function verifyFile(
  files: readonly Uint8Array[],
  frames: readonly number[],
  [width, height]: readonly [number, number],
): Promise<void> {
  const [bytes, ...others] = files;
  assert.ok(bytes && others.length === 0, `${files.length} segmentations were stored`);
  assert.deepEqual(await complaints(bytes), []);
  const seg = readSeg(await decodeDicom(bytes, 'seg.dcm'));
  assert.equal(seg.frames.length, frames.length * 2);
  const seen = new Set<string>();
  for (const { segment, references, mask } of seg.frames) {
    const [reference] = references;
    const number = reference?.frameNumbers?.[0] ?? Number(reference?.sopInstanceUid.split('.').at(-1));
    assert.equal(difference(pattern(width, height, number - 1, segment), await mask()), 0);
    seen.add(`${number - 1} ${segment}`);
  }
  assert.equal(seen.size, frames.length * 2);
}

function sumOf(frame: number): number {
  let sum = 0;
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) sum += Math.trunc(angiographyValue(frame, x, y, SIZE));
  return sum;
}
