import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pairListing } from '../../src/imaging/dataset/pair.ts';
import type { Listing } from '../../src/imaging/dataset/pair.ts';
import { readSplit } from '../../src/imaging/dataset/split.ts';

const pair = (
  images: readonly (string | [string, number])[],
  masks: readonly string[],
  more: Partial<Listing> = {},
) => {
  const entries = images.map((image) =>
    typeof image === 'string' ? { name: image, frames: 1 } : { name: image[0], frames: image[1] },
  );
  return pairListing({ images: entries, masks, ...more });
};
const brief = ({ pairs }: ReturnType<typeof pairListing>) => pairs.map(({ id, mask }) => `${id} ${mask}`);

describe('pairing by name', () => {
  it('knows DRIVE’s names, field of view included', () => {
    const { pairs, problems } = pair(
      ['21_training.tif', '22_training.tif'],
      ['21_manual1.gif', '22_manual1.gif'],
      {
        fieldsOfView: ['21_training_mask.gif', '22_training_mask.gif'],
      },
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(pairs[0], {
      id: '21_training',
      image: '21_training.tif',
      frame: 1,
      mask: '21_manual1.gif',
      fieldOfView: '21_training_mask.gif',
    });
  });

  it('knows the usual suffixes, in any case and with any ending', () => {
    for (const mask of [
      'a1.png',
      'A1_mask.PNG',
      'a1_gt.tif',
      'a1_manual1.gif',
      'a1_1stHO.png',
      'a1-seg.png',
      'a1_label.bmp',
      'a1_image_mask.png',
      'a1--av.png',
      'a1 vessels.png',
      'a1_ground_truth.png',
    ]) {
      assert.deepEqual(brief(pair(['a1.jpg'], [mask])), [`a1 ${mask}`], mask);
    }
    assert.deepEqual(
      brief(pair(['Image_01L.jpg', 'Image_01R.jpg'], ['Image_01L_1stHO.png', 'Image_01R_1stHO.png'])),
      ['Image_01L Image_01L_1stHO.png', 'Image_01R Image_01R_1stHO.png'],
    );
  });

  it('knows DICOM files that are called by their UIDs, without an ending', () => {
    const [one, two, long] = ['1.2.840.113619.2.1', '1.2.840.113619.2.2', '1.2.840.113619.2.123456'] as const;
    for (const uids of [[one], [one, two], [one, long]]) {
      for (const ending of ['.png', '_mask.png', '.seg.jp2']) {
        const { pairs, problems } = pair(
          uids,
          uids.map((uid) => uid + ending),
        );
        assert.deepEqual(problems, []);
        assert.deepEqual(
          pairs.map(({ image, mask }) => [image, mask]),
          uids.map((uid) => [uid, uid + ending]),
        );
      }
    }
    const run = pair([['1.2.840.113619.2.7', 8]], ['1.2.840.113619.2.7_3.png']);
    assert.deepEqual(
      run.pairs.map(({ frame }) => frame),
      [3],
    );
  });

  it('takes the closest name: an exact one before a shortened one', () => {
    assert.deepEqual(brief(pair(['scan.png', 'scan_test.png'], ['scan_test_mask.png', 'scan_mask.png'])), [
      'scan scan_mask.png',
      'scan_test scan_test_mask.png',
    ]);
  });

  it('does not guess: several masks for an image, or several images for a mask, are reported', () => {
    const two = pair(['7.png', '8.png'], ['7_manual1.gif', '7_manual2.gif', '8_manual1.gif']);
    assert.deepEqual(brief(two), ['8 8_manual1.gif']);
    assert.match(
      two.problems.join('\n'),
      /7\.png: several files could be its mask \(7_manual1\.gif, 7_manual2\.gif\)/,
    );
    const shared = pair(['7_training.tif', '7_test.tif'], ['7_manual1.gif']);
    assert.deepEqual(brief(shared), []);
    assert.match(shared.problems.join('\n'), /7_manual1\.gif: .*any of 7_training\.tif, 7_test\.tif/);
  });

  it('reports images without masks and masks without images', () => {
    const { pairs, problems } = pair(['a.png', 'b.png'], ['b.png', 'c.png'], { fieldsOfView: ['a.png'] });
    assert.equal(pairs.length, 1);
    assert.equal(problems.length, 3);
    assert.match(problems.join('\n'), /^c\.png: no image is named like this mask\.$/mu);
    assert.match(problems.join('\n'), /^a\.png: no mask is named like it \(a\.\*, a_mask\.\*/mu);
    assert.match(problems.join('\n'), /^b\.png: no field of view/mu);
  });

  it('gives a file of frames one mask for all, or one for each by number', () => {
    assert.deepEqual(brief(pair([['IM1.dcm', 3]], ['IM1.png'])), [
      'IM1#1 IM1.png',
      'IM1#2 IM1.png',
      'IM1#3 IM1.png',
    ]);
    assert.deepEqual(brief(pair([['IM1.dcm', 30]], ['IM1_frame3.png', 'IM1_012.png', 'IM1_f7_mask.png'])), [
      'IM1#3 IM1_frame3.png',
      'IM1#7 IM1_f7_mask.png',
      'IM1#12 IM1_012.png',
    ]);
  });

  it('does not take the number of a file for that of a frame', () => {
    const { pairs, problems } = pair([['IM.dcm', 5], 'IM_2.dcm'], ['IM_2.png', 'IM_3.png', 'IM_9.png']);
    assert.deepEqual(
      pairs.map(({ id, mask }) => `${id} ${mask}`),
      ['IM#3 IM_3.png', 'IM_2 IM_2.png'],
    );
    assert.match(problems.join('\n'), /IM_9\.png/);
  });

  it('tells images of the same stem apart by their whole names', () => {
    const { pairs } = pair(['a.png', 'b.jpg', 'b.png'], ['a.gif']);
    assert.deepEqual(
      pairs.map(({ id }) => id),
      ['a'],
    );
  });
});

describe('data_split.csv', () => {
  const split = (csv: string) => readSplit(csv, 'data_split.csv');

  it('is read with either set of columns, quotes, and a byte order mark', () => {
    assert.deepEqual(split('\ufeffimage,mask,split\n"a,1.png",m.png,train\nb.png,,test\n'), [
      { image: 'a,1.png', mask: 'm.png', split: 'train' },
      { image: 'b.png', split: 'test' },
    ]);
    assert.deepEqual(split('imgs,split\nimages/x.png,val\r\n'), [{ image: 'images/x.png', split: 'val' }]);
  });

  it('without the column for images is refused with what it has', () => {
    assert.throws(() => split('name,split\na,b\n'), {
      code: 'DATASET_INVALID',
      message: /name, split.*"image"/,
    });
    assert.throws(() => split('image,split\n"a,b\n'), {
      code: 'DATASET_INVALID',
      message: /comma-separated/,
    });
  });

  it('names splits and masks, whatever the masks are called, and leaves out what it does not list', () => {
    const { pairs, problems } = pair(['a.png', 'b.png', 'c.png'], ['x7.png', 'b.png'], {
      split: split('image,mask,split\nimages/a.png,masks/x7.png,train\nB,,test\nz.png,,test\n'),
    });
    assert.deepEqual(
      pairs.map(({ id, mask, split: name }) => `${id} ${mask} ${name}`),
      ['a x7.png train', 'b b.png test'],
    );
    assert.equal(problems.length, 2);
    assert.match(problems.join('\n'), /z\.png: data_split\.csv lists it, and there is no such image/);
    assert.match(problems.join('\n'), /c\.png: data_split\.csv does not list it/);
  });

  it('reports a mask that it names and that is not there', () => {
    const { pairs, problems } = pair(['a.png'], ['a.png'], { split: split('image,mask\na.png,b.png\n') });
    assert.deepEqual(pairs, []);
    assert.match(problems.join('\n'), /b\.png: data_split\.csv lists it, and there is no such mask/);
  });
});
