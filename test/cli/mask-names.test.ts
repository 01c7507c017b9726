import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MaskNames } from '../../src/cli/jobs/mask-names.ts';

const STILL = { frameCount: 1 };
const RUN = { frameCount: 12 };

describe('names of masks', () => {
  it('are those of the images, with the word where there are several and the frame in a run', () => {
    const one = new MaskNames(['Vein']);
    assert.equal(one.of('in/a.png', STILL).mask('Vein', 1), 'a.png');
    assert.equal(one.of('in/run.dcm', RUN).mask('Vein', 3), 'run_frame03.png');
    const two = new MaskNames(['Vein', 'optic disc']).of('in/a.dcm', RUN);
    assert.equal(two.mask('optic disc', 12), 'a_optic-disc_frame12.png');
    assert.equal(two.segmentation, 'a.seg.dcm');
  });

  it('are not given twice, to files of one name or to one that is called like a frame of another', () => {
    const names = new MaskNames(['Vein']);
    const all = [
      names.of('left/run.dcm', RUN).mask('Vein', 1),
      names.of('right/RUN.dcm', RUN).mask('Vein', 1),
      names.of('left/run_frame01.png', STILL).mask('Vein', 1),
      names.of('left/run_frame13.png', STILL).mask('Vein', 1),
    ];
    assert.deepEqual(all, ['run_frame01.png', 'RUN-2_frame01.png', 'run_frame01-2.png', 'run_frame13.png']);
  });

  it('nor to an image that is called like another with its word', () => {
    const names = new MaskNames(['Vein', 'Bone']);
    assert.equal(names.of('a_vein.png', STILL).mask('Bone', 1), 'a_vein_bone.png');
    assert.equal(names.of('a.png', STILL).mask('Vein', 1), 'a_vein.png');
    assert.equal(new MaskNames(['Vein']).of('a_vein.png', STILL).mask('Vein', 1), 'a_vein.png');
  });

  it('nor to words that differ in case or in signs alone', () => {
    const { endings } = new MaskNames(['Vein', 'vein', 'a+', 'a-', 'a/', 'a- 2']);
    assert.equal(endings.get('Vein'), '_vein');
    assert.equal(new Set(endings.values()).size, 6);
  });
});
