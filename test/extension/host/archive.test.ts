import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showSeries, storeInArchive } from '../../../extension/src/host/archive.ts';
import type { DataSource } from '../../../extension/src/host/ohif-types.ts';

const FILE = { part10: new ArrayBuffer(8) };

function archive(dicom: (file: ArrayBuffer) => Promise<unknown>) {
  const source: DataSource = { store: { dicom }, getConfig: () => ({ wadoRoot: 'https://archive.example' }) };
  return { extensions: { getActiveDataSource: () => [source], getModuleEntry: () => undefined } };
}

test('an archive that never answers does not keep a save waiting for ever', async () => {
  const silent = archive(() => new Promise(() => {}));
  await assert.rejects(storeInArchive(silent, FILE, 20), { code: 'SAVE_UNANSWERED', message: /study list/ });
});

test('one that answers late is waited for, and one that refuses is quoted', async () => {
  const late = archive(() => new Promise((resolve) => setTimeout(resolve, 20)));
  assert.equal(await storeInArchive(late, FILE, 2000), true);
  const refusing = archive(() => Promise.reject(Object.assign(new Error('no'), { status: 413 })));
  await assert.rejects(storeInArchive(refusing, FILE, 2000), {
    code: 'SAVE_FAILED',
    message: /raise its limit/,
  });
});

test('one that never answers for the series that it has stored does not keep a save waiting either', async () => {
  const source: DataSource = { retrieve: { series: { metadata: () => new Promise(() => {}) } } };
  const displaySetService = { getDisplaySetsForSeries: () => [{}] };
  const host = { extensions: { getActiveDataSource: () => [source] }, services: { displaySetService } };
  const instance = { ...FILE, studyInstanceUid: '1', seriesInstanceUid: '2' };
  assert.equal(await showSeries(host as unknown as Parameters<typeof showSeries>[0], instance, 20), false);
});
