import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
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
});
