/** The panel on a model so small that a step takes no time, to see what the panel does rather than what it learns. */
import type { Page } from 'playwright-core';
import { smallestModelFile, tinyModelFile } from '../browser/tiny-model.ts';
import { configured } from './harness.ts';

const MODELS = { tiny: tinyModelFile, smallest: smallestModelFile } as const;

export type TinyModel = keyof typeof MODELS;

const addressOf = (model: TinyModel): string => `/salt-test/${model}.safetensors`;

/** Behind the viewer's own configuration: a tiny model in place of the extension's own, and what else is to be different. */
export function withTinyModel(model: TinyModel, more: Readonly<Record<string, unknown>> = {}): string {
  return configured({
    device: 'wasm',
    threads: 1,
    servedModels: [{ id: 'tiny', title: 'Tiny', url: addressOf(model) }],
    presets: [{ id: 'quick', minutes: 20 }],
    ...more,
  });
}

/** Must be called before the viewer is opened. */
export async function serveTinyModel(page: Page, model: TinyModel): Promise<void> {
  const body = Buffer.from(MODELS[model]());
  await page
    .context()
    .route(`**${addressOf(model)}`, (route) =>
      route.fulfill({ contentType: 'application/octet-stream', body }),
    );
}
