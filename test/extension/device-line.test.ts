import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createElement } from 'react';
import { DeviceLine } from '../../extension/src/panel/DeviceLine.tsx';
import type { DeviceInfo } from '../../src/protocol/backend.ts';
import { drawn } from './drawn.ts';
import { openSession } from './open-session.ts';

async function lineOf(
  passedOver: DeviceInfo['passedOver'],
  language: string,
  threads: number,
): Promise<string> {
  const { session, until } = await openSession({
    language,
    prepare: (backend) => (backend.device = async () => ({ device: 'wasm', threads, passedOver })),
  });
  await until(({ device }) => device !== undefined);
  return drawn(session, createElement(DeviceLine));
}

const english = 'The browser found no graphics adapter.';

test('a processor that was asked for is not called slower than it could be', async () => {
  assert.doesNotMatch(await lineOf([], 'en', 1), /<details|missing|One thread/u);
});

test('WebGPU is said to be missing where it is, once, and in the language of the panel', async () => {
  const missing = [{ device: 'webgpu', reason: english, why: 'missing' }] as const;
  assert.equal((await lineOf(missing, 'en', 4)).match(/<li>WebGPU is missing[^<]*</gu)?.length, 1);
  const line = await lineOf(missing, 'de', 4);
  assert.match(line, /<li>WebGPU fehlt/u);
  assert.ok(!line.includes(english), line);
});

test('an adapter that was passed over as too slow is not called missing', async () => {
  const line = await lineOf([{ device: 'webgpu', reason: english, why: 'software' }], 'de', 4);
  assert.match(line, /<li>WebGPU rechnet hier ohne Grafikkarte/u);
  assert.doesNotMatch(line, /fehlt/u);
});

test('a page that is not isolated is told so once, and a cause without a translation as it is', async () => {
  const line = await lineOf(
    [
      { device: 'wasm with 4 threads', reason: 'Not isolated.', why: 'one thread' },
      { device: 'webgpu', reason: 'It computes wrong numbers.' },
    ],
    'de',
    1,
  );
  assert.equal(line.match(/<li>/gu)?.length, 3);
  assert.match(line, /<li>In WebAssembly \(WASM\), mit 1 Thread\./u);
  assert.match(line, /<li>Nur ein Thread/u);
  assert.match(line, /<li>webgpu: It computes wrong numbers\.</u);
});
