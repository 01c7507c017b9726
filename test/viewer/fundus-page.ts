/** Somebody who looks for vessels in the demonstration's fundus photograph, for the tests of it. */
import type { Mask } from '../../src/imaging/frame.ts';
import type { Demo } from './demo.ts';
import { configured } from './harness.ts';
import type { OpenViewer } from './harness.ts';
import { Person } from './person.ts';
import { labelmaps, labelsOf, maskIn } from './viewer-page.ts';

export const WORD = 'Vessel';

export function sizesOf({ instance }: Demo) {
  const { width, height } = instance;
  return { width, height, instance };
}

/** @param leastSteps as of the viewer's own presets, where what is learnt in so short a time would else be chance */
export function settings({ studies }: Demo, minutes: number, leastSteps = 1) {
  return {
    archive: { kind: 'folder', folder: studies },
    config: configured({ presets: [{ id: 'quick', minutes, leastSteps }] }),
  } as const;
}

export async function lookingForVessels(viewer: OpenViewer): Promise<Person> {
  const person = new Person(viewer);
  await person.addWord(WORD);
  await person.press('Remove “Vein”');
  return person;
}

export async function maskOnScreen({ page }: OpenViewer, segmentation: number, demo: Demo): Promise<Mask> {
  const { width, height } = demo.instance;
  return maskIn(await labelsOf(page, segmentation, 0), 1, width, height);
}

/** @returns what the model finds then */
export async function fineTuned(viewer: OpenViewer, person: Person, demo: Demo): Promise<Mask> {
  const { page, panel } = viewer;
  await person.choose('Quick');
  await person.press('Fine-tune');
  const segmented = panel.getByText(/frames? segmented/).first();
  await segmented.waitFor({ state: 'attached', timeout: 600_000 });
  await page.waitForTimeout(1000);
  return maskOnScreen(viewer, (await labelmaps(page)).length - 1, demo);
}

export function where(width: number, height: number, inside: (x: number, y: number) => boolean): Mask {
  const data = new Uint8Array(width * height);
  for (let at = 0; at < data.length; at++) if (inside(at % width, Math.floor(at / width))) data[at] = 1;
  return { width, height, data };
}

export function cut({ width, height, data }: Mask, { data: inside }: Mask): Mask {
  return { width, height, data: data.map((value, at) => value & (inside[at] ?? 0)) };
}
