import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CollectedFrame } from '../../extension/src/store/collected-frame.ts';
import { readConfig } from '../../extension/src/store/config.ts';
import { assignRoles } from '../../extension/src/store/roles.ts';
import { defaultSettings, readSettings } from '../../extension/src/store/settings.ts';
import { logEvent } from '../../extension/src/store/training-log.ts';
import type { TrainingLog } from '../../extension/src/store/training-log.ts';
import { drawFrame } from './fake-viewer.ts';

function frame(id: string, group = 'P1'): CollectedFrame {
  return {
    id,
    ref: { studyInstanceUid: '1', seriesInstanceUid: '2', sopInstanceUid: id, frameNumber: 1 },
    seriesDescription: '',
    modality: 'XA',
    group,
    frame: drawFrame(4, 1),
    masks: [],
    collectedAt: '2026-11-25T12:00:00Z',
  };
}

test('of one patient every fifth frame from the fourth on is held out', () => {
  const frames = Array.from({ length: 13 }, (_, index) => frame(`${index + 1}`));
  const heldOut = [...assignRoles(frames, 0.2)].filter(([, role]) => role === 'heldOut');
  assert.deepEqual(
    heldOut.map(([id]) => id),
    ['4', '9'],
  );
});

test('collecting more never changes the role of an earlier frame of the same patients', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 0, max: 0.9, noNaN: true }),
      (count, share) => {
        const frames = Array.from({ length: count }, (_, index) => frame(`${index}`));
        const fewer = assignRoles(frames.slice(0, -1), share);
        const all = assignRoles(frames, share);
        for (const [id, role] of fewer) assert.equal(all.get(id), role);
      },
    ),
  );
});

test('with three patients or more, frames of one are never on both sides', () => {
  const frames = ['a', 'b', 'c', 'd', 'a', 'c'].map((group, index) => frame(`${index}`, group));
  const roles = assignRoles(frames, 0.3);
  for (const group of ['a', 'b', 'c', 'd']) {
    const own = frames.filter((one) => one.group === group).map(({ id }) => roles.get(id));
    assert.equal(new Set(own).size, 1, group);
  }
  assert.ok([...roles.values()].includes('heldOut'));
});

test('a role that a person chose counts', () => {
  assert.equal(assignRoles([{ ...frame('1'), chosenRole: 'heldOut' }], 0).get('1'), 'heldOut');
});

test('stored settings are taken field by field; nonsense falls back', () => {
  const defaults = defaultSettings(readConfig());
  const read = readSettings(
    { threshold: 0.3, words: [], method: 'magic', rank: 8, activeWord: 'gone', seed: 'x' },
    defaults,
  );
  assert.deepEqual(read, { ...defaults, threshold: 0.3, rank: 8, activeWord: 'Vein' });
  for (const stored of [undefined, null, 7, 'x', []])
    assert.deepEqual(readSettings(stored, defaults), defaults);
});

test('a stored word that is too long leaves the others on the list', () => {
  const defaults = defaultSettings(readConfig());
  const words = ['Vein', 'x'.repeat(65), 'Catheter'];
  assert.deepEqual(readSettings({ words, activeWord: words[1] }, defaults).words, ['Vein', 'Catheter']);
  assert.equal(readSettings({ words, activeWord: words[1] }, defaults).activeWord, 'Vein');
  assert.deepEqual(readSettings({ words: words.slice(1, 2) }, defaults).words, defaults.words);
});

test('a configuration with a mistake is refused with the field that has it', () => {
  assert.throws(() => readConfig({ thresold: 0.5 }), { code: 'INVALID_ARGUMENT', message: /thresold/ });
  assert.throws(() => readConfig({ presets: [{ id: 'x', minutes: -1 }] }), /minutes/);
  const own = readConfig({ presets: [{ id: 'lunch', label: 'Lunch', minutes: 45 }], words: ['Artery'] });
  assert.equal(own.preset, 'lunch');
});

test('long curves are thinned, to the mean of neighbours', () => {
  let log: TrainingLog = { loss: [], dice: [], step: 0, steps: null, before: undefined };
  for (let step = 1; step <= 5000; step++) {
    log = logEvent(log, {
      kind: 'step',
      step,
      epoch: 1,
      loss: { focal: 0, dice: 0, penalty: 0, total: 2 },
      learningRate: 0,
      gradientNorm: 0,
      imagesPerSecond: 0,
      fraction: 0,
      secondsLeft: null,
    });
  }
  assert.ok(log.loss.length <= 600 && log.loss.length > 200);
  assert.ok(log.loss.every(({ value }) => value === 2));
  assert.equal(log.loss.at(-1)?.step, 5000);
});
