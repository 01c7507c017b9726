/** A page over plain http from another machine: its browser has random numbers, and neither UUIDs nor hashes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hashFrame } from '../../src/adapters/index.ts';
import { newUid } from '../../src/imaging/dicom/uid.ts';
import { newUuid } from '../../src/protocol/uuid.ts';
import { openModelCache } from '../../src/runtime/model-cache.web.ts';
import { openSession } from './open-session.ts';

const whole = crypto;
const place = (value: object): void => {
  Object.defineProperty(globalThis, 'crypto', { value, configurable: true });
};
before(() => place({ getRandomValues: whole.getRandomValues.bind(whole) }));
after(() => place(whole));

test('UUIDs are of version 4, and differ', () => {
  const all = Array.from({ length: 1000 }, newUuid);
  for (const one of all)
    assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
  assert.equal(new Set(all).size, 1000);
});

test('a session opens, frames are collected, and objects to save have UIDs', async () => {
  const { session, state } = await openSession();
  await session.frames.draft();
  await session.frames.collect();
  assert.equal(state().frames.length, 1);
  assert.match(newUid(), /^2\.25\.\d{30,39}$/u);
});

test('what needs a hash or the store of models says why there is none, and what to do', async () => {
  const says = { code: 'PAGE_INSECURE', message: /over https, or by way of localhost/u };
  await assert.rejects(() => hashFrame('a', 'b'), says);
  await assert.rejects(openModelCache, says);
  Object.defineProperty(globalThis, 'location', {
    value: { origin: 'http://host:8070' },
    configurable: true,
  });
  await assert.rejects(openModelCache, { message: /ssh -L 8055:localhost:8070 </u });
  Reflect.deleteProperty(globalThis, 'location');
});
