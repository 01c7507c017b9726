import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startViewerServer } from '../../src/server/start.ts';
import type { ViewerServer } from '../../src/server/start.ts';
import { words, writeImage } from '../imaging/dicom-writer.ts';
import { fetchParts, find } from './client.ts';
import { CINE, image, pattern, temporaryFolder } from './studies.ts';

const folder = temporaryFolder();
const OCTETS = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';
const place = (n: number) => ({ ...CINE, sop: `${CINE.study}.5.${n}` });
const path = (n: number): string =>
  `dicom-web/studies/${CINE.study}/series/${CINE.series}/instances/${place(n).sop}`;
const jpeg = (n: number): Uint8Array => Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, n, n, 0xff, 0xd9]);
const BITS = Uint8Array.from({ length: 3 * 35 }, (_, i) => (i % 3 === 0 || i > 70 ? 1 : 0));
const LARGE = pattern(60 * 512 * 512);

let server: ViewerServer;
let url = '';

before(async () => {
  mkdirSync(join(folder, 'images'));
  const write = (n: number, bytes: Uint8Array): void => writeFileSync(join(folder, 'images', `${n}`), bytes);
  write(
    1,
    image(place(1), [], {
      frames: 3,
      transferSyntax: '1.2.840.10008.1.2.4.50',
      // The second frame is in two fragments.
      fragments: [jpeg(1), jpeg(2).subarray(0, 4), jpeg(2).subarray(4), jpeg(3)],
      offsetTable: [0, 16, 40],
    }),
  );
  const packed = new Uint8Array(Math.ceil(BITS.length / 8));
  for (const [i, bit] of BITS.entries()) packed[i >> 3] = (packed[i >> 3] ?? 0) | (bit << (i & 7));
  write(
    2,
    image(
      place(2),
      [
        ['00280010', 'US', 5],
        ['00280011', 'US', 7],
      ],
      { frames: 3, bitsAllocated: 1, pixels: packed },
    ),
  );
  const values = Uint16Array.from({ length: 2 * 24 * 32 }, (_, i) => i * 3);
  write(
    3,
    image(place(3), [['00281201', 'OW', words(Uint16Array.of(1, 2, 0xabcd), true)]], {
      frames: 2,
      bitsAllocated: 16,
      pixels: words(values, true),
      transferSyntax: '1.2.840.10008.1.2.2',
    }),
  );
  write(
    4,
    image(place(4), [], {
      frames: 2,
      pixels: pattern(2 * 24 * 32),
      transferSyntax: '1.2.840.10008.1.2.1.99',
    }),
  );
  write(
    5,
    writeImage({
      rows: 512,
      columns: 512,
      frames: 60,
      transferSyntax: '1.2.840.10008.1.2.4.70',
      fragments: Array.from({ length: 60 }, (_, i) => LARGE.subarray(i * 512 * 512, (i + 1) * 512 * 512)),
      sopInstanceUid: place(5).sop,
      studyInstanceUid: CINE.study,
      extra: [['0020000e', 'UI', CINE.series]],
    }),
  );
  write(
    6,
    image(
      place(6),
      [
        ['00420011', 'OB', pattern(5001)],
        ['00081140', 'SQ', [[['00081155', 'UI', '1.2.3']], [['00091010', 'OB', pattern(2000, 3)]]]],
      ],
      { pixels: pattern(24 * 32) },
    ),
  );
  const colour = { frames: 2, samples: 3, photometric: 'YBR_FULL_422' };
  write(8, image(place(8), [], { ...colour, pixels: pattern(2 * 24 * 32 * 3) }));
  write(9, image(place(9), [], { ...colour, pixels: pattern(2 * 24 * 32 * 2) }));
  write(7, image(place(7), [], { frames: 9, pixels: pattern(24 * 32) }));
  server = await startViewerServer({ archive: { kind: 'folder', folder: join(folder, 'images') }, port: 0 });
  ({ url } = server);
});
after(() => server.close());

describe('instances', () => {
  it('are sent whole as they are stored, or not at all', async () => {
    const ask = async (syntax: string): Promise<number> => {
      const headers = { Accept: `multipart/related; type="application/dicom"; transfer-syntax=${syntax}` };
      const response = await fetch(`${url}/${path(1)}`, { headers });
      const text = await response.text();
      if (response.status === 406) assert.match(text, /stored, in 1\.2\.840\.10008\.1\.2\.4\.50: accept/u);
      return response.status;
    };
    assert.equal(await ask('1.2.840.10008.1.2.1'), 406);
    assert.equal(await ask('1.2.840.10008.1.2.4.50'), 200);
    assert.equal(await ask('*'), 200);
  });
});

describe('frames', () => {
  it('compressed ones are their fragments, under the media type that is asked for', async () => {
    const all = await fetchParts(`${url}/${path(1)}/frames/1,2,3`, OCTETS);
    assert.deepEqual(
      all.map(({ body }) => body),
      [1, 2, 3].map((n) => Buffer.from(jpeg(n))),
    );
    for (const [accept, type] of [
      [OCTETS, 'application/octet-stream'],
      ['multipart/related; type=application/octet-stream; transfer-syntax=*', 'application/octet-stream'],
      ['multipart/related; type="image/jpeg"', 'image/jpeg'],
      ['multipart/related; type="image/jls", multipart/related; type="image/*"; q=0.5', 'image/jpeg'],
      ['*/*', 'image/jpeg'],
    ] as const) {
      const [part] = await fetchParts(`${url}/${path(1)}/frames/2`, accept);
      assert.equal(
        part?.headers.get('content-type'),
        `${type}; transfer-syntax=1.2.840.10008.1.2.4.50`,
        accept,
      );
      assert.deepEqual(part.body, Buffer.from(jpeg(2)));
    }
    for (const accept of [
      'multipart/related; type="application/octet-stream"',
      'multipart/related; type="image/jp2"',
      'text/html',
    ]) {
      const response = await fetch(`${url}/${path(1)}/frames/2`, { headers: { Accept: accept } });
      assert.equal(response.status, 406, accept);
      assert.match(
        await response.text(),
        /transfer syntax 1\.2\.840\.10008\.1\.2\.4\.50 .* Accept multipart/u,
      );
    }
  });

  it('come in a list as long as an address may be', async () => {
    const wanted = Array.from({ length: 3000 }, (_, i) => 1 + (i % 3));
    const parts = await fetchParts(`${url}/${path(2)}/frames/${wanted.join(',')}`, OCTETS);
    assert.equal(parts.length, wanted.length);
    assert.deepEqual(parts[1]?.body, parts.at(-2)?.body);
  });

  it('of one bit per pixel start with a byte, wherever they lie in the file', async () => {
    const parts = await fetchParts(`${url}/${path(2)}/frames/1,2,3`, OCTETS);
    for (const [frame, { body }] of parts.entries()) {
      const bits = Array.from({ length: 35 }, (_, i) => ((body[i >> 3] ?? 0) >> (i & 7)) & 1);
      assert.deepEqual(bits, [...BITS.subarray(frame * 35, (frame + 1) * 35)]);
    }
  });

  it('big endian and deflated ones come as little endian', async () => {
    const [swapped] = await fetchParts(`${url}/${path(3)}/frames/2`, OCTETS);
    assert.match(swapped?.headers.get('content-type') ?? '', /1\.2\.840\.10008\.1\.2\.1$/u);
    assert.equal(swapped?.body.readUInt16LE(2), (24 * 32 + 1) * 3);
    const [inflated] = await fetchParts(`${url}/${path(4)}/frames/2`, OCTETS);
    assert.deepEqual(inflated?.body, Buffer.from(pattern(2 * 24 * 32).subarray(24 * 32)));
  });

  it('called 4:2:2 are as long as they are, with chroma for every pixel or for every other', async () => {
    for (const [n, length] of [
      [8, 24 * 32 * 3],
      [9, 24 * 32 * 2],
    ] as const) {
      const parts = await fetchParts(`${url}/${path(n)}/frames/1,2`, OCTETS);
      assert.deepEqual(
        parts.map(({ body }) => body),
        [0, 1].map((i) => Buffer.from(pattern(2 * length).subarray(i * length, (i + 1) * length))),
      );
    }
  });

  it('a compressed run of 60 frames of 256 KB is read quickly, all at once as a viewer asks', async () => {
    const start = process.cpuUsage();
    await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const [part] = await fetchParts(`${url}/${path(5)}/frames/${i + 1}`, OCTETS);
        assert.ok(part?.body.equals(LARGE.subarray(i * 512 * 512, (i + 1) * 512 * 512)), `frame ${i + 1}`);
      }),
    );
    const { user, system } = process.cpuUsage(start);
    const seconds = (user + system) / 1e6;
    console.log(`60 frames: ${seconds.toFixed(2)} s of the processor, client included`);
    // Reading and parsing 15 MB anew for each takes several times as long.
    assert.ok(seconds < 5, `${seconds} s of the processor`);
  });

  it('fewer than the file declares are an error that says so', async () => {
    const response = await fetch(`${url}/${path(7)}/frames/1`, { headers: { Accept: OCTETS } });
    assert.equal(response.status, 500);
    assert.match(await response.text(), /9 frames take 6912 bytes, and it holds 768/u);
  });
});

describe('bulk data', () => {
  it('of a big endian file is little endian, whether it comes inline or by itself', async () => {
    const wanted = Buffer.from(words(Uint16Array.of(1, 2, 0xabcd)));
    const [metadata] = await find(`${url}/dicom-web`, path(3).replace('dicom-web/', '') + '/metadata');
    assert.deepEqual(Buffer.from(metadata?.['00281201']?.InlineBinary ?? '', 'base64'), wanted);
    const [part] = await fetchParts(`${url}/${path(3)}/bulkdata/00281201`, '*/*');
    assert.deepEqual(part?.body, wanted);
  });

  it('is where metadata say it is, also within sequences', async () => {
    const [metadata] = await find(`${url}/dicom-web`, path(6).replace('dicom-web/', '') + '/metadata');
    const outer = metadata?.['00420011'];
    assert.ok(outer?.BulkDataURI?.startsWith(url));
    const [part] = await fetchParts(outer?.BulkDataURI ?? '', '*/*');
    assert.deepEqual(part?.body.subarray(0, 5001), Buffer.from(pattern(5001)));
    const item = metadata?.['00081140']?.Value?.[1] as Record<string, { BulkDataURI?: string }>;
    const single = await fetch(item['00091010']?.BulkDataURI ?? '', {
      headers: { Accept: 'application/octet-stream' },
    });
    assert.deepEqual(Buffer.from(await single.arrayBuffer()), Buffer.from(pattern(2000, 3)));
    const pixels = await fetchParts(metadata?.['7FE00010']?.BulkDataURI ?? '', OCTETS);
    assert.deepEqual(
      pixels.map(({ body }) => body),
      [Buffer.from(pattern(24 * 32))],
    );
    const missing = await fetch(`${url}/${path(6)}/bulkdata/00990011`);
    assert.equal(missing.status, 404);
  });
});
