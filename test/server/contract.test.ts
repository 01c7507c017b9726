/** What any archive must do, asked of the embedded one, of Orthanc, and of Orthanc through the server's proxy. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { remoteArchive } from '../../src/server/proxy.ts';
import { startViewerServer } from '../../src/server/start.ts';
import { find, fetchParts, multipart, post, value, values } from './client.ts';
import { skipWithoutOrthanc, startOrthanc } from './orthanc.ts';
import { CINE, CINE_PIXELS, DEEP, DEEP_VALUES, FUNDUS, FUNDUS_PIXELS, SECOND } from './studies.ts';
import { cine, deep, fundus, image, pattern, second, temporaryFolder } from './studies.ts';

interface Archive {
  readonly root: string;
  stop(): Promise<void>;
}

const FOLDER = temporaryFolder();
const USERS = { radiologist: 'of a dozen words: and a colon' };

const ARCHIVES: readonly { name: string; skip: string | false; start: () => Promise<Archive> }[] = [
  {
    name: 'the embedded archive',
    skip: false,
    async start() {
      const server = await startViewerServer({ archive: { kind: 'folder', folder: FOLDER }, port: 0 });
      return { root: `${server.url}/dicom-web`, stop: () => server.close() };
    },
  },
  {
    name: 'Orthanc itself',
    skip: skipWithoutOrthanc,
    async start() {
      const orthanc = await startOrthanc();
      return { root: orthanc.dicomWeb, stop: () => orthanc.close() };
    },
  },
  {
    name: 'Orthanc with a password, through the proxy',
    skip: skipWithoutOrthanc,
    async start() {
      const orthanc = await startOrthanc([], { users: USERS });
      const [user = ''] = Object.entries(USERS).map(([name, password]) => `${name}:${password}`);
      const server = await startViewerServer({
        archive: { kind: 'remote', ...remoteArchive(orthanc.dicomWeb, { kind: 'user', user }) },
        port: 0,
      });
      const stop = async (): Promise<void> => {
        await server.close();
        await orthanc.close();
      };
      return { root: `${server.url}/dicom-web`, stop };
    },
  },
];

const instance = (place: { study: string; series: string; sop: string }): string =>
  `studies/${place.study}/series/${place.series}/instances/${place.sop}`;
const OCTETS = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';
const DICOM = 'multipart/related; type="application/dicom"; transfer-syntax=*';

for (const { name, skip, start } of ARCHIVES) {
  describe(name, { skip }, () => {
    let archive: Archive;
    let root = '';
    before(async () => {
      archive = await start();
      ({ root } = archive);
      const { status, answer } = await post(
        `${root}/studies`,
        multipart([cine(), second(), fundus(), deep()]),
      );
      assert.equal(status, 200);
      assert.equal(answer['00081199']?.Value?.length, 4);
      assert.equal(answer['00081198']?.Value, undefined);
    });
    after(() => archive.stop());

    it('finds studies by name, ID, date, description, modality and UIDs', async () => {
      const studies = async (query: string): Promise<unknown[]> =>
        values(await find(root, `studies?${query}`), '0020000D');
      assert.deepEqual(await studies(''), [CINE.study, FUNDUS.study, DEEP.study]);
      assert.deepEqual(await studies('PatientID=P-200'), [FUNDUS.study]);
      assert.deepEqual(await studies('00100020=P-200'), [FUNDUS.study]);
      assert.deepEqual(await studies('PatientName=smith*'), [FUNDUS.study, DEEP.study]);
      assert.deepEqual(await studies('PatientID=P-?00'), [CINE.study, FUNDUS.study, DEEP.study]);
      assert.deepEqual(await studies('AccessionNumber=ACC1'), [CINE.study]);
      assert.deepEqual(await studies('StudyDate=20260401-20260615'), [CINE.study, FUNDUS.study]);
      assert.deepEqual(await studies('StudyDate=20260402-'), [FUNDUS.study]);
      assert.deepEqual(await studies('StudyDate=-20260101'), [DEEP.study]);
      assert.deepEqual(await studies('StudyDate=20260401'), [CINE.study]);
      assert.deepEqual(await studies('ModalitiesInStudy=OP'), [FUNDUS.study]);
      assert.deepEqual(await studies(`StudyInstanceUID=${CINE.study},${FUNDUS.study}`), [
        CINE.study,
        FUNDUS.study,
      ]);
      assert.deepEqual(await studies('PatientID=P-100&PatientName=Smith*'), []);
      assert.deepEqual(await studies('PatientID=P'), []);
    });

    it('says of a study what a list of studies shows', async () => {
      const [study] = await find(root, 'studies?PatientID=P-100&includefield=StudyDescription');
      assert.equal(value(study, '00080020'), '20260401');
      assert.deepEqual(value(study, '00100010'), { Alphabetic: 'Müller^Anna' });
      assert.deepEqual(study?.['00080061']?.Value, ['XA']);
      assert.equal(Number(value(study, '00201206')), 2);
      assert.equal(Number(value(study, '00201208')), 2);
    });

    it('pages through results', async () => {
      const pages = [];
      for (let offset = 0; offset < 4; offset++) {
        pages.push(values(await find(root, `studies?limit=1&offset=${offset}`), '0020000D'));
      }
      assert.deepEqual(
        pages.map((page) => page.length),
        [1, 1, 1, 0],
      );
      assert.equal(new Set(pages.flat()).size, 3);
    });

    it('finds series and instances', async () => {
      assert.deepEqual(values(await find(root, `studies/${CINE.study}/series`), '0020000E'), [
        CINE.series,
        SECOND.series,
      ]);
      assert.deepEqual(
        values(await find(root, `studies/${CINE.study}/series?SeriesDescription=LCA`), '0020000E'),
        [SECOND.series],
      );
      assert.equal((await find(root, 'series')).length, 4);
      assert.equal((await find(root, 'series?Modality=OP')).length, 1);
      assert.equal((await find(root, 'instances')).length, 4);
      const found = await find(root, `studies/${CINE.study}/series/${CINE.series}/instances`);
      assert.equal(found.length, 1);
      assert.equal(value(found[0], '00080018'), CINE.sop);
      assert.equal(value(found[0], '00080016'), CINE.sopClass);
      assert.equal(Number(value(found[0], '00280010')), 24);
      assert.deepEqual(await find(root, 'studies/1.2.3/series').catch(() => []), []);
    });

    it('gives metadata without pixels, as text in Unicode', async () => {
      const [metadata] = await find(root, `${instance(CINE)}/metadata`);
      assert.deepEqual(value(metadata, '00100010'), { Alphabetic: 'Müller^Anna' });
      assert.equal(value(metadata, '00280008'), 5);
      assert.equal(value(metadata, '00181114'), 1.25);
      assert.equal(value(metadata, '00280011'), 32);
      assert.deepEqual(metadata?.['00280100'], { vr: 'US', Value: [8] });
      const pixels = metadata['7FE00010'];
      assert.equal(pixels?.InlineBinary, undefined);
      assert.equal(pixels?.Value, undefined);
      assert.equal((await find(root, `studies/${CINE.study}/metadata`)).length, 2);
      assert.equal((await find(root, `studies/${CINE.study}/series/${CINE.series}/metadata`)).length, 1);
    });

    it('gives frames, one or several, grey, colour and of 16 bits in implicit little endian', async () => {
      const frame = 24 * 32;
      const one = await fetchParts(`${root}/${instance(CINE)}/frames/3`, OCTETS);
      assert.deepEqual(
        one.map(({ body }) => body),
        [Buffer.from(CINE_PIXELS.subarray(2 * frame, 3 * frame))],
      );
      const two = await fetchParts(`${root}/${instance(CINE)}/frames/5,1`, OCTETS);
      assert.deepEqual(
        two.map(({ body }) => body).sort((a, b) => a.compare(b)),
        [CINE_PIXELS.subarray(4 * frame), CINE_PIXELS.subarray(0, frame)]
          .map((pixels) => Buffer.from(pixels))
          .sort((a, b) => a.compare(b)),
      );
      const [colour] = await fetchParts(`${root}/${instance(FUNDUS)}/frames/1`, OCTETS);
      assert.deepEqual(colour?.body, Buffer.from(FUNDUS_PIXELS));
      const [deepFrame] = await fetchParts(`${root}/${instance(DEEP)}/frames/2`, OCTETS);
      const expected = DEEP_VALUES.subarray(frame, 2 * frame);
      assert.deepEqual(deepFrame?.body, Buffer.from(expected.slice().buffer));
    });

    it('gives whole instances, series and studies, whose pixels are those that were stored', async () => {
      const [part] = await fetchParts(`${root}/${instance(CINE)}`, DICOM);
      assert.ok(part);
      const file = await decodeDicom(part.body, 'fetched.dcm');
      assert.equal(file.identity.sopInstanceUid, CINE.sop);
      const { values: pixels } = await file.stored(2);
      assert.deepEqual(
        Buffer.from(pixels as Uint8Array),
        Buffer.from(CINE_PIXELS.subarray(24 * 32, 2 * 24 * 32)),
      );
      assert.equal((await fetchParts(`${root}/studies/${CINE.study}`, DICOM)).length, 2);
      assert.equal(
        (await fetchParts(`${root}/studies/${CINE.study}/series/${SECOND.series}`, DICOM)).length,
        1,
      );
    });

    it('has neither what it never had, nor frames beyond the last', async () => {
      const unknown = instance({ ...CINE, sop: '1.2.3.4.5' });
      for (const path of [unknown, `${unknown}/frames/1`]) {
        const response = await fetch(`${root}/${path}`, {
          headers: { Accept: path === unknown ? DICOM : OCTETS },
        });
        assert.ok([400, 404].includes(response.status), `${path}: ${response.status}`);
        await response.arrayBuffer();
      }
      const response = await fetch(`${root}/${instance(CINE)}/frames/6`, { headers: { Accept: OCTETS } });
      assert.ok([400, 404].includes(response.status), `frame 6: ${response.status}`);
      await response.arrayBuffer();
    });

    it('stores one object more, and refuses what is not DICOM', async () => {
      const place = { ...FUNDUS, series: `${FUNDUS.study}.9`, sop: `${FUNDUS.study}.9.1` };
      const sound = image(place, [['00100020', 'LO', 'P-200']], { pixels: pattern(24 * 32) });
      assert.equal((await post(`${root}/studies/${FUNDUS.study}`, multipart([sound]))).status, 200);
      const { status } = await post(`${root}/studies`, multipart([Buffer.from('not DICOM at all')]));
      assert.ok([400, 409].includes(status), String(status));
      assert.equal((await find(root, `studies/${FUNDUS.study}/instances`)).length, 2);
    });
  });
}
