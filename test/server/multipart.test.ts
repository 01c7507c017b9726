import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { readMultipart } from '../../src/server/dicomweb/multipart.ts';

/**
 * A part that came whole within one piece of the request was never read on, and the request hung: segmentations of a
 * whole run could not be saved.
 */
describe('a multipart request', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [size, piece] of [
    [20_000, 65_536],
    [300_000, 65_536],
    [300_000, 16_384],
    [300_000, 1_000_000],
  ] as const) {
    it(`of two parts of ${size} bytes is received in pieces of ${piece}`, { timeout: 10_000 }, async () => {
      const data = Buffer.alloc(size, 7);
      const part = Buffer.concat([
        Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n'),
        data,
        Buffer.from('\r\n'),
      ]);
      const body = Buffer.concat([part, part, Buffer.from('--b--\r\n')]);
      const pieces = Array.from({ length: Math.ceil(body.length / piece) }, (_, i) =>
        body.subarray(i * piece, (i + 1) * piece),
      );
      let files = 0;
      const parts = await readMultipart(Readable.from(pieces, { objectMode: false }), 'b', () =>
        join(folder, `${size}-${piece}-${files++}`),
      );
      assert.equal(parts.length, 2);
      for (const { file } of parts) assert.deepEqual(await readFile(file), data);
    });
  }

  it('is received however the network has cut it up, to the last dash', { timeout: 60_000 }, async () => {
    const data = Buffer.alloc(100, 7);
    const part = Buffer.concat([Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n'), data]);
    for (const end of ['\r\n--b--', '\r\n--b--\r\n']) {
      const body = Buffer.concat([part, Buffer.from(end)]);
      const cuts = Array.from({ length: body.length - 1 }, (_, i) => i + 1);
      await Promise.all(
        cuts.map(async (cut) => {
          const request = Readable.from(withPause(body.subarray(0, cut), body.subarray(cut)), {
            objectMode: false,
          });
          const parts = await readMultipart(request, 'b', () => join(folder, `${end.length}-${cut}`));
          assert.equal(parts.length, 1);
          for (const { file } of parts) assert.deepEqual(await readFile(file), data);
        }),
      );
    }
  });

  it('is refused where it ends before its last boundary', { timeout: 10_000 }, async () => {
    const begun = Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n1234');
    await assert.rejects(
      readMultipart(Readable.from([begun], { objectMode: false }), 'b', () => join(folder, 'begun')),
      /Unexpected end/,
    );
  });

  for (const size of [1_000, 300_000]) {
    it(`of ${size} bytes ends with the error of a disk that fails`, { timeout: 10_000 }, async () => {
      const body = Buffer.concat([
        Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n'),
        Buffer.alloc(size, 7),
        Buffer.from('\r\n--b--\r\n'),
      ]);
      const pieces = Array.from({ length: Math.ceil(size / 65_536) + 1 }, (_, i) =>
        body.subarray(i * 65_536, (i + 1) * 65_536),
      );
      await assert.rejects(
        readMultipart(withPauses(pieces), 'b', () => join(folder, 'nowhere', 'part')),
        { code: 'ENOENT' },
      );
    });
  }
});

/** So that the first has been dealt with when the second comes. */
async function* withPause(first: Buffer, second: Buffer): AsyncGenerator<Buffer> {
  yield first;
  await wait(50);
  yield second;
}

/** As the network brings them: a promise that nobody settles is no reason for Node to stay. */
async function* withPauses(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    yield piece;
    await wait(1);
  }
}
