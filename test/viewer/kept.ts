import type { Page } from 'playwright-core';
import { unpackMask } from '../../extension/src/store/unsaved-frame.ts';
import { paintedPixels } from './harness.ts';

/** What the browser keeps: each mask of each unsaved frame, as packed. */
interface Kept {
  readonly frames: number;
  readonly masks: readonly { readonly width: number; readonly height: number; readonly deflated: string }[];
}

/**
 * Waits until the browser keeps the unsaved masks of so many frames, and as they are on screen: a stroke that takes long is
 * kept while it is drawn, and then whole.
 * @param frames where there are any, all that the viewer shows of the study's segmentations
 */
export async function untilKept(page: Page, frames: number): Promise<void> {
  let seen: Kept | undefined;
  let pixels = 0;
  let shown = 0;
  for (let tries = 0; tries < 300; tries++) {
    seen = await keptIn(page);
    if (seen.frames === frames) {
      if (frames === 0) return;
      pixels = seen.masks.reduce((sum, mask) => sum + pixelsOf(mask), 0);
      shown = (await paintedPixels(page)).flat().reduce((sum, count) => sum + count, 0);
      if (pixels === shown) return;
    }
    await page.waitForTimeout(100);
  }
  throw new Error(
    `The browser keeps the masks of ${seen?.frames ?? 0} frames, not of ${frames}, with ${pixels} pixels of ${shown}.`,
  );
}

function pixelsOf({ width, height, deflated }: Kept['masks'][number]): number {
  const mask = {
    index: 1,
    word: '',
    width,
    height,
    deflated: new Uint8Array(Buffer.from(deflated, 'base64')),
  };
  return unpackMask(mask).data.reduce((sum, value) => sum + value, 0);
}

function keptIn(page: Page): Promise<Kept> {
  return page.evaluate(
    () =>
      new Promise<Kept>((resolve, reject) => {
        const request = indexedDB.open('ohif-salt-panel');
        request.onerror = () => reject(request.error ?? new Error('no database'));
        request.onsuccess = () => {
          const all = request.result.transaction('unsaved').objectStore('unsaved').getAll();
          all.onsuccess = () => {
            const records = all.result as {
              masks: { width: number; height: number; deflated: Uint8Array }[];
            }[];
            const masks = records.flatMap((record) =>
              record.masks.map(({ width, height, deflated }) => ({
                width,
                height,
                deflated: btoa(String.fromCharCode(...deflated)),
              })),
            );
            resolve({ frames: records.length, masks });
          };
          all.onerror = () => reject(all.error ?? new Error('no records'));
          request.result.close();
        };
      }),
  );
}
