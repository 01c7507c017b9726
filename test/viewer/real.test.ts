/**
 * Real images, where `OHIF_SALT_DATA` names a folder that has some: a draft is corrected and collected, the model that ships
 * learns from it, and what it then finds is saved, pixel for pixel.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import type { Mask } from '../../src/imaging/frame.ts';
import { maskFromImage } from '../../src/imaging/mask.ts';
import { compareMasks } from '../../src/metrics/compare-masks.ts';
import { sameAsSaved } from './demo.ts';
import { DESKTOP, configured, skipWithoutViewer, withViewer } from './harness.ts';
import { Person } from './person.ts';
import { missedBy, strokesAlong } from './strokes.ts';
import type { Stroke } from './strokes.ts';
import {
  labelmaps,
  labelsOf,
  maskIn,
  showFrame,
  takeBrush,
  waitForPaint,
  waitForSegmentation,
} from './viewer-page.ts';

const data = process.env['OHIF_SALT_DATA'];
const skip = skipWithoutViewer || (data === undefined && 'OHIF_SALT_DATA names no folder with real images');

interface Real {
  /** Short, for its pictures. */
  readonly label: string;
  readonly name: string;
  /** In the folder. */
  readonly file: string;
  /** A mask of every frame: nothing moves. */
  readonly truth?: string;
  /** Drafted and collected, zero-based. */
  readonly frame: number;
  /** Dice with the truth that a frame must reach which nobody painted; below what was measured. */
  readonly least?: number;
}

const IMAGES: readonly Real[] = [
  {
    label: 'phantom',
    name: 'an XA run of a coronary phantom (JPEG Lossless, 8 bits)',
    file: 'dicom/xa_phantom/IM1.dcm',
    truth: 'dicom/xa_phantom/masks/IM1.png',
    frame: 2,
    least: 0.8,
  },
  {
    label: 'fundus',
    name: 'a fundus photograph in colour (JPEG 2000)',
    file: 'dicom/op/VL4_J2KI_colour_fundus.dcm',
    frame: 0,
  },
];

describe('real images', { skip }, () => {
  for (const { label, name, file, truth, frame, least } of IMAGES) {
    test(name, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
      try {
        const own = 'own.dcm';
        await copyFile(join(data ?? '', file), join(folder, own));
        const { identity, frameCount, width, height } = await decodeDicom(
          await readFile(join(folder, own)),
          own,
        );
        const mask = truth === undefined ? undefined : await readMask(join(data ?? '', truth));
        await withViewer(
          async (viewer) => {
            const { page, panel } = viewer;
            await viewer.open(identity.studyInstanceUid);
            const person = new Person(viewer);
            await showFrame(page, frame);
            await person.press('Draft this frame');
            await waitForPaint(page, 0, frame, true);
            const draft = maskIn(await labelsOf(page, 0, frame), 1, width, height);
            assert.ok(draft.data.includes(1), 'the draft is empty');
            await viewer.screenshot(`real-${label}-1-draft`);

            await takeBrush(page, panel);
            await person.paint(
              mask ? strokesAlong(missedBy(draft, mask), { brushes: [6], most: 2 }) : [ACROSS],
            );
            // A draft of an image of one frame is the whole of a result already.
            await person.press(frameCount > 1 ? 'Collect this frame' : 'Accept as training frame');
            await person.choose('Quick');
            await person.press('Fine-tune');
            await waitForSegmentation(panel);
            const result = (await labelmaps(page)).length - 1;
            assert.equal(result, 1, 'the series was not segmented');
            const shown: Uint8Array[] = [];
            for (let at = 0; at < frameCount; at++) shown.push(await labelsOf(page, result, at));
            await showFrame(page, frameCount - 1);
            await page.waitForTimeout(1000);
            await viewer.screenshot(`real-${label}-2-segmented`);

            await person.save();
            const saved = (await readdir(folder, { recursive: true })).filter(
              (path) => path.endsWith('.dcm') && path !== own,
            );
            await sameAsSaved(
              await Promise.all(saved.map((path) => readFile(join(folder, path)))),
              ['Vein'],
              shown,
            );
            const [unpainted] = shown.flatMap((labels, at) => (at === frame ? [] : [labels]));
            if (mask && unpainted) {
              const { dice } = compareMasks(maskIn(unpainted, 1, width, height), mask);
              console.log(
                `${label}: draft ${compareMasks(draft, mask).dice.toFixed(3)}, another frame after it was learnt ${dice.toFixed(3)}`,
              );
              assert.ok(dice >= (least ?? 0), `Dice ${dice.toFixed(3)}`);
            }
          },
          {
            archive: { kind: 'folder', folder },
            window: DESKTOP,
            config: configured({ presets: [{ id: 'quick', minutes: 0.25 }] }),
          },
        );
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});

/** Somewhere in the middle: what is there does not matter, but that a person painted it. */
const ACROSS: Stroke = {
  diameter: 8,
  path: [
    [300, 300],
    [330, 320],
    [360, 330],
  ],
};

async function readMask(path: string): Promise<Mask> {
  return maskFromImage(await readFile(path), path);
}
