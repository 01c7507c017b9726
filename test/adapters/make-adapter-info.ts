import { ADAPTER_FORMAT } from '../../src/adapters/index.ts';
import type { AdapterInfo } from '../../src/adapters/index.ts';
import { parseMethod } from '../../src/adapters/method-config.ts';
import { TINY_SAM } from './tiny-sam.ts';

/** What an adapter says of itself, but for what is given. */
export function makeAdapterInfo(change: Partial<AdapterInfo> = {}): AdapterInfo {
  return {
    format: ADAPTER_FORMAT,
    software: '0.1.0',
    createdAt: '2026-01-02T03:04:05Z',
    seed: 7,
    model: { kind: 'sam', name: 'tiny', weightsHash: 'ab'.repeat(32), config: TINY_SAM },
    method: parseMethod({ method: 'salt', rank: 4 }),
    imageSize: 64,
    normalisation: 'sam',
    prompts: [{ word: 'Vein', encoder: null }],
    training: { salt: '00'.repeat(16), frames: [], heldOut: [] },
    metrics: null,
    ...change,
  };
}
