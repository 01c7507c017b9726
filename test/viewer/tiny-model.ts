/** The panel on a model so small that a step takes no time, to see what the panel does rather than what it learns. */
import type { Page } from 'playwright-core';
import { configured } from './harness.ts';
import { smallestModelFile, tinyModelFile } from '../browser/tiny-model.ts';

const ADDRESSES = { tiny: '/salt-test/tiny.safetensors', smallest: '/salt-test/smallest.safetensors' };

/** Behind the viewer's own configuration: what the extension is given instead of its own model. */
export function withTinyModel(
  model: keyof typeof ADDRESSES,
  more: Readonly<Record<string, unknown>> = {},
): string {
  return configured({
    device: 'wasm',
    threads: 1,
    servedModels: [{ id: 'tiny', title: 'Tiny', url: ADDRESSES[model] }],
    presets: [{ id: 'quick', minutes: 20 }],
    ...more,
  });
}

/** Must be called before the viewer is opened. */
export async function serveTinyModels(page: Page): Promise<void> {
  const files = { tiny: tinyModelFile(), smallest: smallestModelFile() };
  for (const [name, address] of Object.entries(ADDRESSES)) {
    const file = files[name as keyof typeof files];
    await page
      .context()
      .route(`**${address}`, (route) =>
        route.fulfill({ contentType: 'application/octet-stream', body: Buffer.from(file) }),
      );
  }
}
