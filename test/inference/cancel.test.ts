import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceTensor, Executor } from '../../src/graph/executor.ts';
import { createSegmenter } from '../../src/inference/segmenter.ts';
import { toySubject } from '../training/toy-task.ts';

test('a message that comes while a frame is embedded tile by tile stops it at the next tile', async () => {
  const { model, values } = toySubject();
  const tensor: DeviceTensor = { dtype: 'float32', shape: [1], dispose: () => undefined };
  let isStopped = false;
  let tiles = 0;
  const run = () => {
    // As a message, it comes when whoever computes lets it in.
    setTimeout(() => (isStopped = true), 0);
    tiles++;
    return Promise.resolve({ output: tensor });
  };
  const executor: Executor = {
    device: 'wasm',
    compile: () => Promise.resolve({ run, dispose: () => Promise.resolve() }),
    upload: () => Promise.resolve(tensor),
    download: () => Promise.reject(new Error('nothing is read')),
    dispose: () => Promise.resolve(),
  };
  const segmenter = createSegmenter({
    executor,
    input: { framing: 'square', side: 32, tiles: { share: 0.5, wholeSide: 32 } },
    model: () => model,
    weights: () => values,
  });
  const pixels = Float32Array.from({ length: 64 * 64 }, (_, i) => i % 255);
  const frame = { width: 64, height: 64, channels: 1, pixels } as const;
  await assert.rejects(segmenter.embed(frame, { shouldStop: () => isStopped }), { code: 'CANCELLED' });
  assert.equal(tiles, 1);
});
