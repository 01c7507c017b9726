import assert from 'node:assert/strict';
import { after, before, it, mock } from 'node:test';
import { watchInput } from '../../src/worker/watch-input.ts';

/** What browsers have and Node has not. */
class PointerEventOfBrowsers extends Event {
  readonly buttons: number;
  constructor(type: string, { buttons }: { readonly buttons: number }) {
    super(type);
    this.buttons = buttons;
  }
}

const page = new EventTarget();

before(() => Object.assign(globalThis, { window: page, PointerEvent: PointerEventOfBrowsers }));
after(() => {
  Reflect.deleteProperty(globalThis, 'window');
  Reflect.deleteProperty(globalThis, 'PointerEvent');
  mock.restoreAll();
});

it('tells of wheels, strokes and keys, though not of every one, nor of a pointer that only passes', () => {
  let now = 0;
  mock.method(performance, 'now', () => now);
  let told = 0;
  const stop = watchInput(() => told++);
  const toldOf = (event: Event, later = 1000): number => {
    now += later;
    const before = told;
    page.dispatchEvent(event);
    return told - before;
  };
  assert.equal(toldOf(new Event('wheel')), 1);
  assert.equal(toldOf(new Event('wheel'), 99), 0);
  assert.equal(toldOf(new Event('wheel'), 1), 1);
  assert.equal(toldOf(new PointerEventOfBrowsers('pointermove', { buttons: 0 })), 0);
  assert.equal(toldOf(new PointerEventOfBrowsers('pointermove', { buttons: 1 })), 1);
  assert.equal(toldOf(new Event('keydown')), 1);
  stop();
  assert.equal(toldOf(new Event('wheel')), 0);
});
