import { fileURLToPath } from 'node:url';
import type { SamBase } from '../../inference/sam-base.ts';
import * as parts from '../../inference/shipped-parts.ts';
import { openFileSource } from '../../model/checkpoint/file-source.node.ts';
import { loadSamWeights } from '../../model/checkpoint/load-sam.ts';
import type { SamWeights } from '../../model/checkpoint/load-sam.ts';
import { openCheckpoint } from '../../model/checkpoint/open-checkpoint.ts';
import type { DetailHead } from '../../model/detail/index.ts';
import type { TextEncoder } from '../../model/text/text-encoder.ts';

/** The model that comes with the program. */
export const SHIPPED_NAME = 'salt-tiny';
export const SHIPPED_PATH = fileURLToPath(
  new URL('../../../models/salt-tiny/salt-tiny.safetensors', import.meta.url),
);

/** @throws SaltError as `loadSamWeights` does when the shipped file is damaged */
export function withHead(base: SamBase, wanted: boolean, seed: number): Promise<SamBase> {
  return parts.withHead(base, wanted, seed, shippedModel);
}

/** @throws SaltError as `loadSamWeights` does when the shipped file is damaged */
export function shippedHead(): Promise<DetailHead> {
  return parts.shippedHead(shippedModel);
}

/** @throws SaltError as `loadSamWeights` does when the shipped file is damaged */
export function textEncoderOf(base: SamBase): Promise<TextEncoder> {
  return parts.textEncoderOf(base, shippedModel);
}

let shipped: Promise<SamWeights> | undefined;

function shippedModel(): Promise<SamWeights> {
  shipped ??= loadShipped();
  return shipped;
}

async function loadShipped(): Promise<SamWeights> {
  const file = await openFileSource(SHIPPED_PATH);
  try {
    return await loadSamWeights(await openCheckpoint(file, SHIPPED_NAME));
  } finally {
    await file.close();
  }
}
