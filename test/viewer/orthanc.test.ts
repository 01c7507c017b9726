/** The main job on an archive that others wrote, and that wants a token with each request; briefly, since `coronary.test.ts` measures what it learns. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { remoteArchive } from '../../src/server/proxy.ts';
import { skipWithoutOrthanc, startOrthanc } from '../server/orthanc.ts';
import { temporaryFolder } from '../server/studies.ts';
import { VEIN, coronaryLoop } from './coronary-loop.ts';
import { writeDemo } from './demo.ts';
import type { Demo } from './demo.ts';
import { skipWithoutViewer } from './harness.ts';

describe('the coronary run in Orthanc', { skip: skipWithoutViewer || skipWithoutOrthanc }, () => {
  let demo: Demo;
  before(async () => {
    demo = await writeDemo('coronary-left');
  });
  after(() => demo.remove());

  test('is learnt, saved and opened again', async () => {
    const token = 'eyJhbGciOiJub25lIn0.e30.';
    const file = join(temporaryFolder(), 'token.txt');
    await writeFile(file, token);
    const orthanc = await startOrthanc([await readFile(join(demo.studies, demo.instance.file))], { token });
    try {
      const archive = {
        kind: 'remote',
        ...remoteArchive(orthanc.dicomWeb, { kind: 'token', file }),
      } as const;
      // Beside other tests a few steps fit into half a minute: Dice 0.774 beside two busy loops on two cores.
      const plan = { name: 'coronary-orthanc', words: [VEIN], painted: [16], minutes: 0.5 };
      await coronaryLoop(demo, archive, plan, () => orthanc.instances('SEG'));
    } finally {
      await orthanc.close();
    }
  });
});
