import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { frameOfPixels } from '../../src/imaging/frame-pixels.ts';
import { asItIs, framePixelsSchema } from '../../src/protocol/frames.ts';
import type { FramePixels } from '../../src/protocol/frames.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { PRETRAINED_PRESET } from '../../src/training/presets.ts';
import { settingsOf } from '../../src/training/run-choices.ts';
import { splitSamples } from '../../src/training/split.ts';
import { asBytes, uncertaintyOf } from '../../src/worker/answer.ts';
import { compactFrame } from '../../src/worker/compact.ts';
import { runChoicesOf } from '../../src/worker/run-choices.ts';
import { choicesSchema } from '../../src/worker/store/request-schema.ts';
import { VERSION } from '../../src/worker/version.ts';

const map = (...data: number[]) => ({ width: data.length, height: 1, data: Float32Array.from(data) });

describe('what the browser answers with', () => {
  it('says probabilities as bytes', () => {
    assert.deepEqual([...asBytes(map(0, 0.5, 1))], [0, 128, 255]);
  });

  it('is unsure by the mean entropy of likely pixels, in bits', () => {
    assert.equal(uncertaintyOf([map(0, 0.04, 1)]), 0);
    assert.equal(uncertaintyOf([map(0.5), map(0.01)]), 1);
    const half = uncertaintyOf([map(0.5, 1)]);
    assert.ok(Math.abs(half - 0.5) < 1e-6, String(half));
    assert.equal(uncertaintyOf([map(0, 0)]), 0);
  });

  it('names the version of its package', async () => {
    const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
    assert.equal(VERSION, (JSON.parse(text) as { version: string }).version);
  });
});

describe('frames from a viewer', () => {
  const frame = (values: FramePixels['values'], more: Partial<FramePixels> = {}): FramePixels => ({
    width: values.length,
    height: 1,
    channels: 1,
    values,
    ...more,
  });

  it('are windowed and inverted', () => {
    const values = Int16Array.of(-100, 0, 50, 100, 900);
    const shown = frameOfPixels(frame(values, { window: { lower: 0, upper: 100 }, inverted: true }), 'x');
    assert.deepEqual([...shown.pixels], [255, 255, 127.5, 0, 0]);
  });

  it('keep 8-bit values and RGB as they are', () => {
    assert.deepEqual([...frameOfPixels(frame(Uint8Array.of(3, 200)), 'x').pixels], [3, 200]);
    const rgb = { ...frame(Uint8Array.of(1, 2, 3)), width: 1, channels: 3 as const };
    assert.deepEqual([...frameOfPixels(rgb, 'x').pixels], [1, 2, 3]);
  });

  it('lie on an even ground where they come with what stands still in their run', () => {
    const run = frame(Uint8Array.of(100, 64, 25), { background: Uint8Array.of(100, 100, 36) });
    const { pixels, intensity } = frameOfPixels(run, 'x');
    const expected = [150, 150 - 2 * Math.sqrt(150) * 2, 150 - 2 * Math.sqrt(150)];
    pixels.forEach((value, at) => assert.ok(Math.abs(value - expected[at]!) < 1e-3, `${at}: ${value}`));
    assert.match(intensity, /stands still/);
    assert.deepEqual([...frameOfPixels(asItIs(run), 'x').pixels], [100, 64, 25]);
  });

  it('have a background of their own size, and are then grey', () => {
    const whole = frame(Uint8Array.of(1, 2), { background: Uint8Array.of(1, 2) });
    assert.ok(framePixelsSchema.safeParse(whole).success);
    assert.ok(!framePixelsSchema.safeParse({ ...whole, background: Uint8Array.of(1) }).success);
    const rgb = { width: 1, height: 1, channels: 3, values: Uint8Array.of(1, 2, 3) };
    assert.ok(!framePixelsSchema.safeParse({ ...rgb, background: Uint8Array.of(1, 2, 3) }).success);
  });

  it('take the same percentiles whatever the type of their values', () => {
    const values = Array.from({ length: 2000 }, (_, i) => (i * 7919) % 2003);
    const [short, float] = [Uint16Array.from(values), Float32Array.from(values)].map(
      (typed) => frameOfPixels(frame(typed), 'x').pixels,
    );
    assert.deepEqual(float, short);
    assert.equal(Math.min(...(short ?? [])), 0);
    assert.equal(Math.max(...(short ?? [])), 255);
  });

  it('must have as many values as their size says', () => {
    assert.throws(
      () => frameOfPixels({ ...frame(Uint8Array.of(1)), width: 2 }, 'x'),
      (error) => error instanceof SaltError && error.code === 'INVALID_ARGUMENT',
    );
  });

  it('are sent without the buffer that they are a view of, and stay with the page', () => {
    const values = new Uint8Array(100).subarray(10, 20);
    const sent = compactFrame(frame(values));
    assert.equal(sent.values.buffer.byteLength, 10);
    assert.equal(values.buffer.byteLength, 100);
  });
});

describe('what the panel asks for', () => {
  it('keeps to the roles that a person chose, even if nothing is held out', () => {
    const sample = (id: string, role: 'train' | 'heldOut') => ({ id, role });
    const all = splitSamples([sample('a', 'train'), sample('b', 'train')], { share: 0.5, seed: 1 });
    assert.deepEqual([all.train.length, all.heldOut.length, all.notes], [2, 0, []]);
    const some = splitSamples([sample('a', 'heldOut'), sample('b', 'train')], { share: 0.5, seed: 1 });
    assert.deepEqual(
      some.heldOut.map(({ id }) => id),
      ['a'],
    );
  });

  it('leaves to the model what was not chosen', () => {
    const choices = {
      name: 'x',
      model: 'm',
      words: ['Vein'],
      method: 'salt',
      budget: { kind: 'minutes', minutes: 2 },
      seed: 1,
    } as const;
    assert.deepEqual(runChoicesOf(choices, [], false).method, { method: 'salt' });
    const { method, budget } = runChoicesOf({ ...choices, rank: 8, layers: ['qkv'] }, [], false);
    assert.deepEqual(budget, { minutes: 2 });
    assert.deepEqual(method, { method: 'salt', rank: 8, layers: ['qkv'] });
    assert.throws(
      () => runChoicesOf({ ...choices, layers: ['nothing'] }, [], false),
      (error) => error instanceof SaltError && error.code === 'INVALID_ARGUMENT',
    );
  });

  it('keeps the least number of steps of a run that is limited in time', () => {
    const budget = { kind: 'minutes', minutes: 2, leastSteps: 24 } as const;
    const choices = { name: 'x', model: 'm', words: ['Vein'], method: 'salt', budget, seed: 1 } as const;
    const asked = choicesSchema.parse(choices);
    assert.deepEqual(asked, choices);
    assert.deepEqual(settingsOf(runChoicesOf(asked, [], false), PRETRAINED_PRESET).budget, {
      minutes: 2,
      leastSteps: 24,
    });
  });

  it('hardly varies the frames of one patient in a short run', () => {
    const choices = { name: 'x', model: 'm', words: ['Vein'], method: 'salt', seed: 1 } as const;
    const shown = (minutes: number, groups: string[], goesOn = false) => {
      const { augmentation, tileSize } = runChoicesOf(
        { ...choices, budget: { kind: 'minutes', minutes } },
        groups.map((group) => ({ group })),
        goesOn,
      );
      return [augmentation, tileSize];
    };
    assert.deepEqual(shown(1.5, ['P1', 'P1']), ['slight', 'whole']);
    assert.deepEqual(shown(1.5, ['P1', 'P1'], true), ['slight', undefined]);
    assert.deepEqual(shown(15, ['P1', 'P1']), [undefined, undefined]);
    assert.deepEqual(shown(1.5, ['P1', 'P2']), [undefined, undefined]);
  });

  it('mends what was learnt of a patient in a short run at a third of the rate, unless one was chosen', () => {
    const rate = (minutes: number, goesOn: boolean, chosen: { learningRate?: number } = {}): number => {
      const choices = { name: 'x', model: 'm', words: ['Vein'], method: 'salt', seed: 1, ...chosen } as const;
      const asked = { ...choices, budget: { kind: 'minutes', minutes } } as const;
      const run = runChoicesOf(asked, [{ group: 'P1' }], goesOn);
      return settingsOf(run, PRETRAINED_PRESET).schedule.learningRate;
    };
    const whole = rate(1.5, false);
    assert.ok(Math.abs(rate(1.5, true) - whole / 3) < 1e-9);
    assert.equal(rate(15, true), whole);
    assert.equal(rate(1.5, true, { learningRate: 0.01 }), 0.01);
  });
});
