import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FieldsOfView } from '../../src/imaging/dataset/fields-of-view.node.ts';
import { encodeMaskPng } from '../../src/imaging/mask.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { writeImage } from './dicom-writer.ts';

const SIZE = { width: 6, height: 4 };
const warnings: string[] = [];
let root = '';
let fields: FieldsOfView;

const write = (path: string, bytes: Uint8Array): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), bytes);
};
/** A mask in which one pixel is set, by which it is told from others. */
const dot = (at: number, { width, height } = SIZE): Uint8Array => {
  const data = new Uint8Array(width * height);
  data[at] = 1;
  return encodeMaskPng({ width, height, data });
};
const dotOf = async (path: string, frame = 1): Promise<number | undefined> =>
  (await (await fields.of(join(root, path), SIZE))(frame))?.data.indexOf(1);

before(() => {
  root = mkdtempSync(join(tmpdir(), 'salt-fov-'));
  fields = new FieldsOfView((text) => warnings.push(text));
  const run = writeImage({ rows: 4, columns: 6, frames: 3, pixels: new Uint8Array(72) });
  for (const name of ['1.png', '1_vein.png', 'odd.png', 'none.png']) write(`a/images/${name}`, dot(0));
  for (const name of ['run.dcm', 'whole.dcm']) write(`a/images/${name}`, run);
  write('a/FOV/1_fov.png', dot(1));
  write('a/FOV/1_vein_fov.png', dot(2));
  write('a/FOV/odd_fov.png', dot(3, { width: 5, height: 5 }));
  write('a/FOV/run_frame1.png', dot(4));
  write('a/FOV/run_frame3.png', dot(5));
  write('a/FOV/whole.png', dot(6));
  write('a/FOV/other.png', dot(7));
  write('b/images/1.png', dot(0));
});
after(() => rmSync(root, { recursive: true }));

describe('fields of view of single files', () => {
  it('are found in a folder of any case, also where the names of two images begin alike', async () => {
    assert.equal(await dotOf('a/images/1.png'), 1);
    assert.equal(await dotOf('a/images/1_vein.png'), 2);
    assert.equal(await dotOf('a/images/none.png'), undefined);
    assert.equal(await dotOf('b/images/1.png'), undefined);
  });

  it('of runs serve one frame each, or all of them', async () => {
    const frames = async (path: string) =>
      Promise.all([1, 2, 3].map((frame) => dotOf(`a/images/${path}`, frame)));
    assert.deepEqual(await frames('run.dcm'), [4, undefined, 5]);
    assert.deepEqual(await frames('whole.dcm'), [6, 6, 6]);
  });

  it('that fit no image are told once', () => {
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /FOV: other\.png: no image is named like this/u);
  });

  it('of another shape are refused with the names of both', async () => {
    await assert.rejects(dotOf('a/images/odd.png'), (error: unknown) => {
      assert.ok(error instanceof SaltError);
      assert.equal(error.code, 'DATASET_INVALID');
      assert.equal(error.details['file'], join(root, 'a/images/odd.png'));
      assert.match(error.message, /odd\.png: its field of view, .*odd_fov\.png.* 5 x 5 .* 6 x 4/u);
      return true;
    });
  });
});
