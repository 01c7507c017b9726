import assert from 'node:assert/strict';
import fs, {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import Fastify from 'fastify';
import { FolderArchive } from '../../src/server/archive/folder-archive.ts';
import { statusOf } from '../../src/server/dicomweb/answers.ts';
import { addStore } from '../../src/server/dicomweb/stow.ts';
import { startViewerServer } from '../../src/server/start.ts';
import type { ViewerServer } from '../../src/server/start.ts';
import { BOUNDARY, find, multipart, post, value } from './client.ts';
import { CINE, FUNDUS, cine, image, pattern, temporaryFolder, writeStudies } from './studies.ts';

const folder = temporaryFolder();
const images = join(folder, 'images');
const stored = join(folder, 'stored');
const told: string[] = [];
const NEW = { study: CINE.study, series: `${CINE.study}.7`, sop: `${CINE.study}.7.1` };
const fresh = (sop = NEW.sop, seed = 1): Uint8Array =>
  image({ ...NEW, sop }, [], { pixels: pattern(24 * 32, seed) });

let server: ViewerServer;
let root = '';

const start = async (): Promise<void> => {
  server = await startViewerServer({
    archive: { kind: 'folder', folder: images, storeFolder: stored },
    port: 0,
    tell: (line) => told.push(line),
  });
  root = `${server.url}/dicom-web`;
};
const files = (): string[] =>
  readdirSync(stored, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();

before(async () => {
  mkdirSync(images);
  writeStudies(images);
  await start();
});
after(() => server.close());

describe('storing', () => {
  it('writes a new object where it said, finds it, and still has it after a restart', async () => {
    const { status, answer } = await post(`${root}/studies/${NEW.study}`, multipart([fresh()]));
    assert.equal(status, 200);
    const [reference] = (answer['00081199']?.Value ?? []) as Record<string, { Value: unknown[] }>[];
    const url = `${root}/studies/${NEW.study}/series/${NEW.series}/instances/${NEW.sop}`;
    assert.deepEqual(reference?.['00081190']?.Value, [url]);
    assert.deepEqual(reference['00081155']?.Value, [NEW.sop]);
    assert.deepEqual(
      readFileSync(join(stored, NEW.study, NEW.series, `${NEW.sop}.dcm`)),
      Buffer.from(fresh()),
    );
    await server.close();
    await start();
    const [found] = await find(root, `studies/${NEW.study}/series/${NEW.series}/instances`);
    assert.equal(value(found, '00080018'), NEW.sop);
  });

  it('removes what was half received at the start, once it is a day old', async () => {
    const name = (n: number): string => join(stored, `.incoming-00000000-0000-4000-8000-00000000000${n}`);
    writeFileSync(name(1), 'old');
    utimesSync(name(1), Date.now() / 1000, Date.now() / 1000 - 25 * 60 * 60);
    writeFileSync(name(2), 'being received by another server');
    await server.close();
    await start();
    assert.ok(!existsSync(name(1)));
    assert.ok(existsSync(name(2)));
    rmSync(name(2));
  });

  it('says yes to the same object again, and keeps one', async () => {
    const before = files();
    assert.equal((await post(`${root}/studies`, multipart([fresh(), cine()]))).status, 200);
    assert.deepEqual(files(), before);
  });

  it('refuses another object of the same UID, says so, and keeps the first', async () => {
    const { status, warning, answer } = await post(`${root}/studies`, multipart([fresh(NEW.sop, 9)]));
    assert.equal(status, 409);
    assert.equal(value((answer['00081198']?.Value?.[0] ?? {}) as never, '00081197'), 0x0111);
    assert.match(warning ?? '', /SOP Instance UID .* which is kept/u);
    assert.match(told.at(-1) ?? '', /Not stored: Part 1 has the SOP Instance UID/u);
    assert.deepEqual(
      readFileSync(join(stored, NEW.study, NEW.series, `${NEW.sop}.dcm`)),
      Buffer.from(fresh()),
    );
  });

  it('stores what is sound beside what is not, and tells them apart', async () => {
    const good = fresh(`${NEW.sop}.2`);
    const { status, answer } = await post(
      `${root}/studies`,
      multipart([good, Buffer.from('not DICOM'), fresh(NEW.sop, 3)]),
    );
    assert.equal(status, 202);
    assert.equal(answer['00081199']?.Value?.length, 1);
    assert.equal(answer['00081198']?.Value?.length, 1);
    assert.equal(value((answer['0008119A']?.Value?.[0] ?? {}) as never, '00081197'), 0xc000);
  });

  it('refuses an object of another study than the address names', async () => {
    const { status, answer } = await post(
      `${root}/studies/${FUNDUS.study}`,
      multipart([fresh(`${NEW.sop}.3`)]),
    );
    assert.equal(status, 409);
    assert.equal(value((answer['00081198']?.Value?.[0] ?? {}) as never, '00081197'), 0xa900);
  });

  it('takes two requests for one new UID at once as one object', async () => {
    const [a, b] = [fresh(`${NEW.sop}.4`, 1), fresh(`${NEW.sop}.4`, 2)];
    const outcomes = await Promise.all([a, b].map((file) => post(`${root}/studies`, multipart([file]))));
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), [200, 409]);
  });

  it('takes a request of one object without multipart', async () => {
    assert.equal((await post(`${root}/studies`, fresh(`${NEW.sop}.5`), 'application/dicom')).status, 200);
  });
});

describe('hostile and broken requests', () => {
  const whole = multipart([fresh(`${NEW.sop}.90`), fresh(`${NEW.sop}.91`)]);
  const type = 'multipart/related; type="application/dicom"';
  const cases: readonly { name: string; body: Uint8Array; type?: string; status: number; says: RegExp }[] = [
    {
      name: 'cut in the second part',
      body: whole.subarray(0, whole.length - 400),
      status: 400,
      says: /cannot be read.*end/u,
    },
    {
      name: 'with another boundary',
      body: whole,
      type: `${type}; boundary=other`,
      status: 400,
      says: /cannot be read/u,
    },
    { name: 'without a boundary', body: whole, type, status: 400, says: /no boundary/u },
    {
      name: 'without parts',
      body: Buffer.from(`--${BOUNDARY}--\r\n`),
      status: 400,
      says: /no parts|cannot be read/u,
    },
    { name: 'of no bytes', body: Buffer.from(''), status: 400, says: /cannot be read|empty/iu },
    {
      name: 'of another type',
      body: whole,
      type: 'text/plain',
      status: 415,
      says: /Unsupported Media Type/u,
    },
  ];
  for (const { name, body, type: contentType, status, says } of cases) {
    it(`${name}: nothing is stored`, async () => {
      const before = files();
      const done = await post(`${root}/studies`, body, contentType);
      assert.equal(done.status, status);
      assert.match(done.answer.error ?? '', says);
      assert.deepEqual(files(), before);
    });
  }

  const damaged: readonly (readonly [name: string, file: Uint8Array])[] = [
    ['a file cut in its pixels', cine().subarray(0, cine().length - 100)],
    ['a file cut before its pixels', cine().subarray(0, cine().length - 24 * 32 * 5 - 12)],
    ['a file cut in its header', cine().subarray(0, 300)],
    [
      'a file of random bytes behind a sound start',
      Uint8Array.from({ length: 5000 }, (_, i) => (i < 132 ? (cine()[i] ?? 0) : (i * 97) & 0xff)),
    ],
    [
      'a UID that climbs out of the folder',
      image({ ...NEW, sop: '../../../evil' }, [], { pixels: pattern(24 * 32) }),
    ],
    ['no UID', image({ ...NEW, sop: '' }, [], { pixels: pattern(24 * 32) })],
  ];
  for (const [name, file] of damaged) {
    it(`${name} is refused with its reason`, async () => {
      const before = files();
      const { status, warning } = await post(`${root}/studies`, multipart([file]));
      assert.equal(status, 409);
      assert.match(warning ?? '', /Part 1 cannot be read: .{10}/u);
      assert.deepEqual(files(), before);
    });
  }

  it('a client that goes away in the middle leaves nothing behind, and the server goes on', async () => {
    const before = files();
    await new Promise<void>((resolve) => {
      const { port } = new URL(root);
      const sent = request({
        host: '127.0.0.1',
        port,
        path: '/dicom-web/studies',
        method: 'POST',
        headers: { 'Content-Type': `${type}; boundary=${BOUNDARY}`, 'Content-Length': whole.length },
      });
      sent.on('error', () => resolve());
      sent.write(whole.subarray(0, whole.length - 300), () =>
        setTimeout(() => sent.destroy(new Error('gone')), 100),
      );
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(files(), before);
    assert.equal((await find(root, 'studies')).length, 3);
  });

  for (const [name, bytes, sent] of [
    ['multipart', multipart([new Uint8Array(1_500_000)]), undefined],
    ['a single object', new Uint8Array(1_500_000), 'application/dicom'],
  ] as const) {
    for (const [code, status] of [
      ['ENOSPC', 507],
      ['EIO', 500],
    ] as const) {
      it(`${name}: a disk that fails with ${code} is an answer`, { timeout: 10_000 }, async (t) => {
        const before = files();
        // The last argument of either is told how it went.
        const fail = (...given: readonly unknown[]): void => {
          const done = given.at(-1) as (error: Error) => void;
          setImmediate(done, Object.assign(new Error(`${code}: write`), { code, syscall: 'write' }));
        };
        t.mock.method(fs, 'write', fail);
        t.mock.method(fs, 'writev', fail);
        const done = await post(`${root}/studies`, bytes, sent);
        assert.equal(done.status, status);
        assert.match(done.answer.error ?? '', /disk.*nothing of (?:it|the request) was stored/u);
        assert.deepEqual(files(), before);
      });
    }
  }

  it('one that says that it is too large is refused before it is sent', { timeout: 10_000 }, async () => {
    const length = 2 ** 32 + 1;
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        `${root}/studies`,
        {
          method: 'POST',
          signal: AbortSignal.timeout(5000),
          headers: { 'Content-Type': `${type}; boundary=${BOUNDARY}`, 'Content-Length': length },
        },
        (answer) => {
          resolve(answer.statusCode);
          sent.destroy();
        },
      );
      sent.on('error', reject);
      sent.flushHeaders();
    });
    assert.equal(status, 413);
  });

  for (const [name, bytes, sent] of [
    ['multipart', multipart([new Uint8Array(300_000)]), `${type}; boundary=${BOUNDARY}`],
    ['a single object', new Uint8Array(300_000), 'application/dicom'],
  ] as const) {
    it(`${name}: one that turns out to be too large is refused`, { timeout: 10_000 }, async (t) => {
      const small = Fastify({ bodyLimit: 100_000, forceCloseConnections: true });
      small.setErrorHandler((error, _request, reply) => reply.code(statusOf(error)).send(String(error)));
      t.after(() => small.close());
      const kept = join(folder, 'kept');
      addStore(small, await FolderArchive.open({ folder: images, storeFolder: kept }), '', () => undefined);
      const address = await small.listen({ port: 0 });
      const response = await fetch(`${address}/studies`, {
        method: 'POST',
        headers: { 'Content-Type': sent },
        // A stream's length is not said beforehand.
        body: new Blob([new Uint8Array(bytes)]).stream(),
        duplex: 'half',
      } as RequestInit);
      assert.equal(response.status, 413);
      assert.match(await response.text(), /larger than .*several requests/u);
      assert.deepEqual(readdirSync(kept), []);
    });
  }

  it('cannot name files outside the archive', async () => {
    for (const path of [
      'studies/..%2F..%2Fetc/metadata',
      `studies/${CINE.study}/series/..%2f/instances/x/frames/1`,
    ]) {
      const response = await fetch(`${root}/${path}`);
      assert.equal(response.status, 404, path);
      await response.arrayBuffer();
    }
  });
});
