import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands, hotkeys } from '../../extension/src/ohif/commands.ts';
import { commandsModule } from '../../extension/src/ohif/commands-module.ts';
import { addButton, addHotkeys } from '../../extension/src/ohif/toolbar.ts';
import { de } from '../../extension/src/strings/de.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { openSession, quietly } from './open-session.ts';

test('commands do what the panel does', async () => {
  const opened = await openSession();
  const all = commands(opened.session);
  const run = async (name: string) => all[name]?.commandFn();
  await run('salt.draftFrame');
  await run('salt.collectFrame');
  assert.equal(opened.state().frames.length, 1);
  await run('salt.segmentSeries');
  await run('salt.save');
  assert.equal(opened.viewer.saves.length, 1);
  await run('salt.nextFrame');
  assert.notEqual(opened.viewer.active()?.frameIndex, 0);
});

test('what is said twice changes, and so is read out again', async () => {
  const { session, state } = await openSession();
  session.say('No.');
  const first = state().announcement;
  session.say('No.');
  assert.notEqual(state().announcement, first);
  assert.equal(state().announcement.trim(), first);
});

test('a command without a session does nothing', async () => {
  await commands(() => undefined)['salt.save']?.commandFn();
});

test('every hotkey names a command', () => {
  const names = Object.keys(commands(() => undefined));
  for (const { commandName } of hotkeys(de)) assert.ok(names.includes(commandName), commandName);
});

test('a command acts on the frame that is on screen when its key is pressed, though the model is still being loaded', async () => {
  const { session, state } = await openSession({
    prepare: (backend) => {
      backend.warmUp = () => new Promise(() => {});
    },
  });
  const { definitions } = commandsModule({ session, start: async () => session }, {}, session.strings);
  await definitions['salt.draftFrame']?.commandFn();
  await definitions['salt.collectFrame']?.commandFn();
  assert.equal(state().frames.length, 1);
});

test('a command that cannot start the session says why', async () => {
  const notices: object[] = [];
  const { definitions } = commandsModule(
    {
      session: undefined,
      start: () => Promise.reject(new SaltError('VIEWER_UNSUPPORTED', 'Use OHIF 3.14.')),
    },
    { uiNotificationService: { show: (notice) => notices.push(notice) } },
    de,
  );
  await quietly(async () => definitions['salt.draftFrame']?.commandFn());
  assert.deepEqual(notices, [{ title: 'SALT anlernen', message: 'Use OHIF 3.14.', type: 'error' }]);
});

test('what is put into the viewer speaks its language', () => {
  const put: unknown[] = [];
  addHotkeys({ customizationService: { setCustomizations: (all) => void put.push(all) } }, de);
  addButton({ toolbarService: { register: (all) => void put.push(all), updateSection: () => {} } }, de);
  const labels = [...JSON.stringify(put).matchAll(/"(?:label|tooltip)":"(.*?)"/gu)].map(([, text]) => text);
  assert.deepEqual(labels, [
    'SALT: Bild vorschlagen lassen',
    'SALT: Bild sammeln',
    'SALT: Nächstes Bild zum Einzeichnen',
    'SALT: Segmentieren · Diese Serie',
    'SALT: Bild vorschlagen lassen',
    'SALT: Bild vorschlagen lassen (Shift+D)',
  ]);
});
