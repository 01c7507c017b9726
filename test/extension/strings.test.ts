import assert from 'node:assert/strict';
import { test } from 'node:test';
import { de } from '../../extension/src/strings/de.ts';
import { en } from '../../extension/src/strings/en.ts';
import { chooseStrings } from '../../extension/src/strings/index.ts';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import type { AnswerWarning } from '../../src/protocol/answer-warning.ts';
import type { TrainRunEvent } from '../../src/protocol/backend.ts';
import { runNoteSchema, runNoteText, warningOf } from '../../src/protocol/run-note.ts';
import type { RunNote } from '../../src/protocol/run-note.ts';
import { ERROR_CODES } from '../../src/protocol/errors.ts';

import { openSession, quietly } from './open-session.ts';

/** Names and terms that are the same in both languages. */
const SAME = new Set([
  'adapters.hd95Plain',
  'adapters.name',
  'frames.workingLabel',
  'frames.painted',
  'segment.label',
  'segment.pixels',
  'train.adapterName',
  'train.dice',
  'train.methods.salt',
  'train.methods.ssam',
  'train.methods.lora',
  'adapters.dice',
  'device.passedOver',
  'save.value',
  'save.codes',
]);

function leaves(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}

test('German is complete: the same keys, and no English left', () => {
  const english = new Map(leaves(en, ''));
  const german = new Map(leaves(de, ''));
  const keys = (all: ReadonlyMap<string, unknown>) =>
    [...all.keys()].filter((key) => !key.startsWith('errors.advice.')).sort();
  assert.deepEqual(keys(german), keys(english));
  const untranslated = [...english].filter(
    ([key, text]) => typeof text === 'string' && german.get(key) === text && !SAME.has(key),
  );
  assert.deepEqual(untranslated, []);
});

test('every error has German advice', () => {
  assert.deepEqual(
    ERROR_CODES.filter((code) => de.errors.advice[code] === undefined),
    [],
  );
});

test('one step, and one frame, are spoken of as one', () => {
  assert.match(en.train.longer('1', '2 min'), /about 1 step,/);
  assert.match(de.train.longer('1', '2 min'), /etwa 1 Schritt, für den /);
  assert.match(de.adapters.comparedOn(1, true), /^Auf 1 Bild, mit dem /);
  assert.match(de.adapters.comparedOn(1, false), /^Auf 1 Bild, das .* ist$/);
  assert.match(de.adapters.comparedOn(2, false), /^Auf 2 Bildern, die .* sind$/);
});

test('warnings name the words in either language', () => {
  const kinds: readonly AnswerWarning[] = [
    { kind: 'not taught', word: 'Bone', words: ['Vein', 'Artery'], base: 'sam', baseKnowsWords: true },
    { kind: 'not taught', word: 'Bone', words: ['Vein', 'Artery'], base: 'sam', baseKnowsWords: false },
    { kind: 'no words', word: 'Bone', base: 'sam' },
    { kind: 'one word', word: 'Bone', known: 'Vein' },
    { kind: 'untrained' },
  ];
  for (const warning of kinds) {
    const texts = [en, de].map(({ segment }) => segment.warning(warning));
    assert.notEqual(texts[0], texts[1]);
    const named = Object.values(warning)
      .flat()
      .filter((value) => typeof value === 'string' && value !== warning.kind);
    for (const text of texts) for (const name of named) assert.ok(text.includes(String(name)), text);
  }
  assert.equal(new Set(kinds.flatMap((warning) => [en, de].map((s) => s.segment.warning(warning)))).size, 10);
});

test('the first language that there is a catalogue for, else English', () => {
  assert.equal(chooseStrings(['fr-FR', 'de-AT', 'en']), de);
  assert.equal(chooseStrings([undefined, 'EN_us']), en);
  assert.equal(chooseStrings([]), en);
});

test('collected frames are said to be safe only where they are stored', async () => {
  for (const language of ['en', 'de']) {
    for (const lasting of [true, false]) {
      const { session, backend, state } = await openSession({
        language,
        storage: { ...memoryStorage(), lasting },
      });
      backend.beforeSegment = () => Promise.reject(new Error('Boom'));
      await quietly(() => session.frames.draft());
      const message = state().problems[0]?.message ?? '';
      assert.equal(/are safe|sind sicher/u.test(message), lasting, message);
      assert.equal(/export/iu.test(message), !lasting, message);
    }
  }
});

test('all that happens to a run is told in the language of the panel', async () => {
  const opened = await openSession({ language: 'de' });
  const { session, backend, state } = opened;
  await session.frames.draft();
  await session.frames.collect();
  await session.training.start();
  const told = (event: TrainRunEvent): string => {
    backend.runs[0]?.emit(event);
    return state().training.message ?? '';
  };
  const reason = 'In English.';
  const notes: readonly RunNote[] = [
    { kind: 'learnt before', frames: 1, heldOut: 3 },
    { kind: 'no rest', layerKind: 'qkv', layers: 2, layersOfKind: 2, rank: 760, singularValues: 16 },
    { kind: 'no checkpoint' },
    { kind: 'checkpoint damaged', hasEarlier: true },
    { kind: 'checkpoint damaged', hasEarlier: false },
    { kind: 'device lost', step: 40, onProcessor: false },
    { kind: 'device lost', step: 0, onProcessor: true },
    { kind: 'device gone', device: 'webgpu', reason },
    { kind: 'preview off', reason },
    { kind: 'unsaved', reason },
    { kind: 'shared patients', patients: 2 },
  ];
  const kinds = runNoteSchema.options.map(({ shape }) => shape.kind.value);
  assert.deepEqual(new Set(notes.map(({ kind }) => kind)), new Set(kinds), 'a kind is left out');
  const german = notes.map((note) => told({ kind: 'note', note }));
  assert.equal(new Set(german).size, notes.length);
  for (const [i, note] of notes.entries()) {
    assert.notEqual(german[i], runNoteText(note));
    assert.doesNotMatch(german[i] ?? '', /English/u);
    const warned = told({ kind: 'training', event: { kind: 'warning', ...warningOf(note) } });
    assert.equal(warned, german[i], 'a warning of the trainer is told otherwise');
  }
  assert.match(
    told({ kind: 'note', note: { kind: 'device lost', step: 40, onProcessor: false } }),
    /Schritt 40/u,
  );
});
