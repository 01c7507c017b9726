import type { Page } from 'playwright-core';
import { decodeImage } from '../../src/imaging/files/image.ts';
import type { Frame } from '../../src/imaging/frame.ts';
import { showFrame } from './viewer-page.ts';

/** What the only viewport draws of a frame, masks included. @param frame zero-based */
export async function pictureOf(page: Page, frame: number): Promise<Frame> {
  await showFrame(page, frame);
  return pictureIn(page, 0);
}

/** What a viewport draws, with the mouse out of the way. @param viewport its place in the grid */
export async function pictureIn(page: Page, viewport: number): Promise<Frame> {
  await page.mouse.move(2, 2);
  await page.waitForTimeout(1500);
  const address = await page
    .locator('canvas.cornerstone-canvas')
    .nth(viewport)
    .evaluate((canvas) => (canvas instanceof HTMLCanvasElement ? canvas.toDataURL() : ''));
  return decodeImage(Buffer.from(address.slice(address.indexOf(',') + 1), 'base64'), 'canvas.png');
}

/** Pixels with a colour, which masks have and X-ray images have not. */
export function coloured({ pixels, channels }: Frame): number {
  if (channels < 3) return 0;
  let count = 0;
  for (let at = 0; at < pixels.length; at += channels) {
    if (Math.abs((pixels[at] ?? 0) - (pixels[at + 1] ?? 0)) > 30) count++;
  }
  return count;
}

/** But for the last bit, which blending does not always draw alike. */
export function alike(a: Frame, b: Frame): boolean {
  return (
    a.pixels.length === b.pixels.length && a.pixels.every((value, i) => Math.abs(value - b.pixels[i]!) <= 1)
  );
}
