import assert from 'node:assert/strict';
import type { OpenViewer } from './harness.ts';

/** From one study to another as a person goes, without loading the page anew. The list has accession numbers in a wide window alone. */
export async function goInApp({ page, panel }: OpenViewer, accession: string): Promise<void> {
  await page.evaluate(() => {
    (window as { saltTestStayed?: boolean }).saltTestStayed = true;
  });
  await page.locator('[data-cy="return-to-work-list"]').first().click();
  await panel.waitFor({ state: 'detached' });
  await page.getByText(accession, { exact: true }).click();
  await page.getByRole('button', { name: 'SALT fine-tune' }).click();
  await page.locator('.cornerstone-canvas').first().waitFor();
  await panel.waitFor();
  const stayed = await page.evaluate(() => (window as { saltTestStayed?: boolean }).saltTestStayed);
  assert.ok(stayed, 'the page was loaded anew');
}
