/** Where `segment` may write, and what a folder is read as, in every layout of a data set and through links. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { filesOf, openData } from '../../src/cli/data.ts';
import { requireFolderForMasks } from '../../src/cli/outputs.ts';
import { encodeMaskPng } from '../../src/imaging/mask.ts';
import { writeImage } from '../imaging/dicom-writer.ts';
import { CPU, assertFailed, run, succeed, workFolder } from './cli.ts';

const folder = workFolder();
const at = (...path: string[]): string => join(folder, ...path);
const SIDE = 32;
const PICTURE = writeImage({ rows: SIDE, columns: SIDE, pixels: new Uint8Array(SIDE * SIDE).fill(90) });
const DRAWN = encodeMaskPng({
  width: SIDE,
  height: SIDE,
  data: Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (i % SIDE < 9 ? 1 : 0)),
});

/** Files by path; what ends in `.png` is a mask drawn by hand, all else a DICOM file. */
function write(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(at(path, '..'), { recursive: true });
    writeFileSync(at(path), path.endsWith('.png') ? DRAWN : PICTURE);
  }
}

// Each laid out on its own, as people have them.
write('dc/XA1.dcm', 'dc/masks/XA1.png', 'elsewhere/21.dcm');
write('real/21.dcm', 'sy/masks/21.png', 'sy/overview.png');
symlinkSync(at('real'), at('sy/images'));
write('s2/images/21.dcm', 'drawn/21.png', 's2/masks-vein/21.png', 'fields/21.png');
symlinkSync(at('drawn'), at('s2/masks'));
symlinkSync(at('fields'), at('s2/fov'));
write('im/images/21.dcm', 'im/masks/21.png');
write('series/21.dcm', 'fov/21.png');
write('store/IM1.dcm', 'sl/masks/IM1.png');
symlinkSync(at('store/IM1.dcm'), at('sl/IM1.dcm'));
write('pool/21.png', 'shelf/22.dcm');
symlinkSync(at('pool/21.png'), at('shelf/21.png'));

const REFUSED: readonly (readonly [out: string, input: string, says: RegExp])[] = [
  ['dc/masks', 'dc/XA1.dcm', /masks of the DICOM files beside it/u],
  ['dc/masks', 'elsewhere/21.dcm', /masks of the DICOM files beside it/u],
  ['sy/masks', 'sy/images', /beside its images\//u],
  ['sy/masks', 'real/21.dcm', /beside its images\//u],
  ['s2/masks', 's2/images', /beside its images\//u],
  ['s2/masks/.', 'elsewhere/21.dcm', /beside its images\//u],
  ['drawn', 's2/images', /drawn is read as .*masks/u],
  ['fields', 's2/images/21.dcm', /fields is read as .*fov/u],
  ['fov', 'series', /fov is read as/u],
  ['im/images', 'im/images', /im\/images holds the images of a data set/u],
  ['im/images', 'elsewhere/21.dcm', /im\/images holds the images of a data set/u],
  ['real', 'sy/images', /real holds the images of a data set/u],
];

/** Every file below the folder, links followed, with its bytes. */
function contents(): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return new Map(files.sort().map((file) => [file, readFileSync(file, 'base64')]));
}

describe('segment', () => {
  test('refuses to write where a data set keeps its masks, its fields of view or its images', async () => {
    for (const [out, input, says] of REFUSED) {
      await assert.rejects(
        requireFolderForMasks(at(out), await filesOf([at(input)]), ['']),
        (error) => {
          assert.ok(error instanceof Error && 'code' in error, `${out} from ${input}`);
          assert.equal(error.code, 'INVALID_ARGUMENT');
          assert.match(error.message, says, `${out} from ${input}`);
          assert.match(error.message, /choose another folder for --out\.$/u);
          return true;
        },
        `${out} from ${input}`,
      );
    }
  });

  test('nor over a file that an image is a link to', async () => {
    await assert.rejects(
      requireFolderForMasks(at('pool'), [at('shelf/21.png')], ['']),
      /would replace the image .*shelf\/21\.png: choose/u,
    );
  });

  test('writes elsewhere, into folders called masks too', async () => {
    mkdirSync(at('empty/masks'), { recursive: true });
    write('before/masks/21.png');
    for (const [out, input] of [
      ['empty/masks', 'elsewhere/21.dcm'],
      ['new/masks', 's2/images'],
      ['before/masks', 'im/images'],
      ['found', 'dc/XA1.dcm'],
      ['dc/masks/../found', 'dc'],
      ['sy/drafts', 'sy/images'],
      ['store/found', 'sl'],
    ] as const) {
      await requireFolderForMasks(at(out), await filesOf([at(input)]), ['']);
    }
  });

  test('ends with 2, and every byte is as it was', async () => {
    const before = contents();
    for (const [out, input, says] of REFUSED.slice(0, 6)) {
      const args = ['segment', '--model', 'random:tiny', '--out', out, input, ...CPU];
      assertFailed(await run(folder, args), 2, says);
    }
    assert.deepEqual(contents(), before);
  });
});

describe('a link is read as what it leads to', () => {
  test('masks are no images', async () => {
    assert.deepEqual(await filesOf([at('s2')]), [at('s2/images/21.dcm')]);
    const args = ['segment', '--model', 'random:tiny', '--out', 'of-s2', 's2', '--json', ...CPU];
    const { stdout } = await succeed(folder, args);
    assert.match(stdout, /"mask": ?"of-s2\/21\.png"/u);
    assert.deepEqual(readdirSync(at('of-s2')).sort(), ['21.png', '21.seg.dcm']);
  });

  test('a folder of linked DICOM files is one of DICOM files', async () => {
    const { samples, problems } = await openData({ folder: at('sl'), dicom: [], words: ['Vein'] });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      samples.map(({ id }) => id),
      ['IM1'],
    );
  });

  test('a linked images/ makes a data set, whatever lies beside it', async () => {
    const { samples } = await openData({ folder: at('sy'), dicom: [], words: ['Vein'] });
    assert.equal(samples.length, 1);
  });
});
