/** The panel on a model so small that a step takes no time, to see what the panel does rather than what it learns. */
import type { Page } from 'playwright-core';
import { tinyModelFile } from '../browser/tiny-model.ts';
import { configured } from './harness.ts';

const ADDRESS = '/salt-test/tiny.safetensors';

/** Behind the viewer's own configuration: the tiny model in place of the extension's own. */
export const WITH_TINY_MODEL = configured({
  device: 'wasm',
  threads: 1,
  servedModels: [{ id: 'tiny', title: 'Tiny', url: ADDRESS }],
  presets: [{ id: 'quick', minutes: 20 }],
});

/** Must be called before the viewer is opened. */
export async function serveTinyModel(page: Page): Promise<void> {
  const body = Buffer.from(tinyModelFile());
  await page
    .context()
    .route(`**${ADDRESS}`, (route) => route.fulfill({ contentType: 'application/octet-stream', body }));
}
