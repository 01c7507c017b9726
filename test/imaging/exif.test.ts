import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { decodeImage } from '../../src/imaging/files/image.ts';
import { encodeJpeg } from './encoders.ts';
import { pngChunk, writePng } from './file-writers.ts';

/** A big-endian TIFF directory of one entry: how the picture is to be turned (JEITA CP-3451). */
function exif(orientation: number): Buffer {
  const bytes = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0', 'latin1');
  bytes.writeUInt16BE(orientation, 18);
  return bytes;
}

async function jpegWith(body: Uint8Array): Promise<Uint8Array> {
  const bytes = new Uint8Array(32 * 32);
  const plain = await encodeJpeg({ width: 32, height: 32, components: 1, bits: 8, bytes });
  const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, 0]), Buffer.from('Exif\0\0', 'latin1'), body]);
  segment.writeUInt16BE(segment.length - 2, 2);
  return Uint8Array.from(Buffer.concat([plain.subarray(0, 2), segment, plain.subarray(2)]));
}

function pngWith(body: Uint8Array): Uint8Array {
  const plain = Buffer.from(writePng({ width: 1, height: 1, depth: 8, colourType: 0, rows: [[7]] }));
  const end = plain.length - 12;
  return Uint8Array.from(
    Buffer.concat([plain.subarray(0, end), pngChunk('eXIf', body), plain.subarray(end)]),
  );
}

describe('pictures that say how they are to be turned', () => {
  const turned = { code: 'IMAGE_UNSUPPORTED', message: /turned or mirrored \(orientation 6\)/u };

  it('are refused, since nobody knows which way up a mask of them was drawn', async () => {
    await assert.rejects(decodeImage(await jpegWith(exif(6)), 'x.jpg'), turned);
    await assert.rejects(decodeImage(pngWith(exif(6)), 'x.png'), turned);
  });

  it('are read where they are upright, or say nothing that can be read', async () => {
    for (const body of [
      exif(1),
      exif(0),
      exif(77),
      exif(6).subarray(0, 9),
      Buffer.from('MM'),
      Buffer.alloc(40),
    ]) {
      assert.equal((await decodeImage(await jpegWith(body), 'x.jpg')).width, 32);
      assert.equal((await decodeImage(pngWith(body), 'x.png')).width, 1);
    }
  });
});
