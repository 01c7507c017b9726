import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands, hotkeys } from '../../extension/src/ohif/commands.ts';
import { openSession } from './open-session.ts';

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

test('a command without a session does nothing', async () => {
  await commands(() => undefined)['salt.save']?.commandFn();
});

test('every hotkey names a command', () => {
  const names = Object.keys(commands(() => undefined));
  for (const { commandName } of hotkeys) assert.ok(names.includes(commandName), commandName);
});
