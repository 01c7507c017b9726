import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { remoteArchive } from '../../src/server/proxy.ts';
import { skipWithoutViewer, withViewer } from './harness.ts';
import { skipWithoutOrthanc, startOrthanc } from './orthanc.ts';
import { angiography } from './studies.ts';

describe('the plug-in in the stock viewer', { skip: skipWithoutViewer || skipWithoutOrthanc }, () => {
  test('shows its panel in its own mode', async () => {
    const study = angiography();
    const orthanc = await startOrthanc([study.file]);
    try {
      await withViewer(
        async (viewer) => {
          await viewer.open(study.studyInstanceUid);
          await viewer.screenshot('loading');
          assert.ok(await viewer.panel.isVisible());
        },
        { archive: { kind: 'remote', ...remoteArchive(orthanc.dicomWeb) } },
      );
    } finally {
      await orthanc.close();
    }
  });
});
