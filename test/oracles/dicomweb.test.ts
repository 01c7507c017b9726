import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { startViewerServer } from '../../src/server/start.ts';
import {
  CINE,
  DEEP,
  FUNDUS,
  SECOND,
  image,
  pattern,
  temporaryFolder,
  writeStudies,
} from '../server/studies.ts';

/** The archive as dicomweb-client sees it, with pydicom for the files; needs Python. */
const python = process.env['OHIF_SALT_PYTHON'];
const noPython = python ? false : 'set OHIF_SALT_PYTHON to a Python with dicomweb-client, pydicom and numpy';
const run = promisify(execFile);
const folder = temporaryFolder();

describe('dicomweb-client', { skip: noPython }, () => {
  for (const { name, place, file } of [
    {
      name: 'a run of 8 bits in explicit little endian',
      place: CINE,
      file: 'a/b/IM000001',
    },
    {
      name: 'one of 12 bits in implicit little endian',
      place: DEEP,
      file: 'deep.DCM',
    },
  ]) {
    it(`finds, fetches and stores: ${name}`, async () => {
      const images = join(folder, place.sop);
      mkdirSync(images);
      writeStudies(images);
      const added = { ...place, series: `${place.study}.8`, sop: `${place.study}.8.1` };
      const pixels = pattern(24 * 32, 7);
      writeFileSync(join(folder, 'new.dcm'), image(added, [], { pixels }));
      const manifest = join(folder, 'manifest.json');
      writeFileSync(
        manifest,
        JSON.stringify({ ...place, frames: [3, 1], file: join(images, file), new: join(folder, 'new.dcm') }),
      );
      const server = await startViewerServer({ archive: { kind: 'folder', folder: images }, port: 0 });
      try {
        const script = join(import.meta.dirname, 'dicomweb.py');
        const { stdout } = await run(python ?? '', [script, `${server.url}/dicom-web`, manifest]);
        const report = JSON.parse(stdout) as Record<string, unknown>;
        const inStudy = place === CINE ? [CINE.series, SECOND.series] : [place.series];
        assert.deepEqual(report, {
          studies: [CINE.study, FUNDUS.study, DEEP.study],
          by_patient: [place.study],
          nothing: [],
          series: inStudy,
          instances: [place.sop],
          page: 1,
          different: [],
          instance: 0,
          series_count: 1,
          study_count: inStudy.length,
          study_metadata: inStudy.length,
          frames: [0, 0],
          iterated: 2,
          bulk: true,
          stored: [added.sop],
          back: 0,
        });
      } finally {
        await server.close();
      }
    });
  }
});
