import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadSamWeights } from '../../src/model/checkpoint/load-sam.ts';
import { openCheckpoint } from '../../src/model/checkpoint/open-checkpoint.ts';
import { bytesSource } from '../../src/model/checkpoint/byte-source.ts';
import type { Models } from '../../src/worker/models.ts';
import { Segmenting } from '../../src/worker/segmenting.ts';

const SHIPPED = new URL('../../models/salt-tiny/salt-tiny.safetensors', import.meta.url);
const ASSETS = new URL('../../node_modules/onnxruntime-web/dist/', import.meta.url).href;
const SIDE = 64;

test('a look-ahead that has begun can be called off', async () => {
  const sam = await loadSamWeights(await openCheckpoint(bytesSource(readFileSync(SHIPPED)), 'salt-tiny'));
  const stop = new AbortController();
  const models: Pick<Models, 'base' | 'shipped'> = {
    base: () => {
      stop.abort();
      return Promise.resolve({ name: 'salt-tiny', weightsHash: '', bytes: 0, ...sam });
    },
    shipped: () => models.base('salt-tiny'),
  };
  const settings = { assets: ASSETS, device: 'wasm', threads: 1, models: [] } as const;
  const segmenting = new Segmenting(settings, models as Models);
  const frame = { width: SIDE, height: SIDE, channels: 1, values: new Uint8Array(SIDE * SIDE) } as const;
  const request = { source: { kind: 'model', id: 'salt-tiny' }, words: [], frame } as const;
  await assert.rejects(segmenting.lookAhead(request, stop.signal), { code: 'CANCELLED' });
});
