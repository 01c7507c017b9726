import type { Page } from 'playwright-core';

/** Waits until the browser keeps the unsaved masks of so many frames. */
export async function untilKept(page: Page, frames: number): Promise<void> {
  let seen = -1;
  for (let tries = 0; tries < 300; tries++) {
    seen = await recordsOf(page);
    if (seen === frames) return;
    await page.waitForTimeout(100);
  }
  throw new Error(`The browser keeps the masks of ${seen} frames, not of ${frames}.`);
}

function recordsOf(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const request = indexedDB.open('ohif-salt-panel');
        request.onerror = () => reject(request.error ?? new Error('no database'));
        request.onsuccess = () => {
          const count = request.result.transaction('unsaved').objectStore('unsaved').count();
          count.onsuccess = () => resolve(count.result);
          count.onerror = () => reject(count.error ?? new Error('no records'));
          request.result.close();
        };
      }),
  );
}
