/** Somebody at the panel, and a count of what they have to do. */
import type { OpenViewer } from './harness.ts';
import type { Stroke } from './strokes.ts';
import { paint, press, waitForPaint } from './viewer-page.ts';

export interface Figures {
  readonly seconds: number;
  readonly clicks: number;
  readonly strokes: number;
}

export class Person {
  readonly #viewer: OpenViewer;
  readonly #started = performance.now();
  #clicks = 0;
  #strokes = 0;

  constructor(viewer: OpenViewer) {
    this.#viewer = viewer;
  }

  async press(name: string | RegExp): Promise<void> {
    await press(this.#viewer.panel, name);
    this.#clicks++;
  }

  async choose(preset: string): Promise<void> {
    await this.#viewer.panel.getByRole('radio', { name: new RegExp(preset) }).check();
    this.#clicks++;
  }

  /** Adds a word to what is looked for, which then is the one that the brush paints. */
  async addWord(word: string): Promise<void> {
    await this.press('Add a word');
    await this.#viewer.panel.locator('input[aria-label="Add a word"]').fill(word);
    await this.#viewer.page.keyboard.press('Enter');
  }

  /** Until the model's first guess is on the frame on screen. @param frame zero-based */
  async draft(frame: number): Promise<void> {
    const { panel, page } = this.#viewer;
    await this.press('Draft this frame');
    await waitForPaint(page, 0, frame, true);
    // It ends with the brush in hand.
    await panel.getByRole('button', { name: 'Draft this frame' }).waitFor();
    await page.waitForTimeout(300);
  }

  /**
   * Moves the threshold to and fro, looks, and leaves it where it looks best: one drag of the slider.
   * @param look how well what is on screen fits
   */
  async fitThreshold(percents: readonly number[], look: () => Promise<number>): Promise<number> {
    let best = { percent: 0, fit: -Infinity };
    for (const percent of percents) {
      await this.#moveThreshold(percent);
      const fit = await look();
      if (fit > best.fit) best = { percent, fit };
    }
    await this.#moveThreshold(best.percent);
    this.#clicks++;
    return best.percent;
  }

  /** With the arrow keys, until what is on screen has followed. @param percent 1 to 99 */
  async #moveThreshold(percent: number): Promise<void> {
    const { panel, page } = this.#viewer;
    const slider = panel.getByRole('slider', { name: 'Threshold' });
    const by = percent - Number(await slider.inputValue());
    for (let i = 0; i < Math.abs(by); i++) await slider.press(by > 0 ? 'ArrowRight' : 'ArrowLeft');
    await page.waitForTimeout(500);
  }

  async paint(strokes: readonly Stroke[]): Promise<void> {
    await paint(this.#viewer.page, strokes);
    this.#strokes += strokes.length;
  }

  /** Until the archive has what is shown. */
  async save(): Promise<void> {
    await this.press('Save to archive');
    const saved = this.#viewer.panel.getByText(/^Saved/).first();
    await saved.waitFor({ state: 'attached' });
  }

  get figures(): Figures {
    const seconds = Math.round((performance.now() - this.#started) / 1000);
    return { seconds, clicks: this.#clicks, strokes: this.#strokes };
  }
}
