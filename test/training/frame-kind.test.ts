import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Frame, Mask } from '../../src/imaging/frame.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { frameKindOf } from '../../src/training/frame-kind.ts';
import type { TrainingSample } from '../../src/training/training-sample.ts';
import { greyFrame, sampleOf } from './toy-task.ts';

const SIDE = 10;
const grey = greyFrame(SIDE, SIDE, new Float32Array(SIDE * SIDE));
const colours = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => 50 * (i % 3));
const photograph: Frame = { ...grey, channels: 3, pixels: colours };

/** A mask of the first pixels. */
function first(count: number): Mask {
  return { width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE).fill(1, 0, count) };
}

function painted(count: number, frame = grey, fieldOfView?: Mask): TrainingSample {
  const sample = sampleOf(String(count), frame, first(count), 'vessel');
  return { ...sample, ...(fieldOfView && { loadFieldOfView: () => Promise.resolve(fieldOfView) }) };
}

describe('frameKindOf', () => {
  it('is a texture where one word fills a fifth of the frame, in colour or not', async () => {
    assert.equal(await frameKindOf(['vessel'], [painted(20)]), 'texture');
    assert.equal(await frameKindOf(['vessel'], [painted(20, photograph)]), 'texture');
    assert.equal(await frameKindOf(['vessel'], [painted(19)]), 'other');
    assert.equal(await frameKindOf(['vessel'], [painted(19, photograph)]), 'photograph');
  });

  it('counts what the field of view shows', async () => {
    assert.equal(await frameKindOf(['vessel'], [painted(10, grey, first(50))]), 'texture');
    assert.equal(await frameKindOf(['vessel'], [painted(9, grey, first(50))]), 'other');
    assert.equal(await frameKindOf(['vessel'], [painted(10, grey, first(0))]), 'other');
  });

  it('goes by the first frame that holds any', async () => {
    assert.equal(await frameKindOf(['vessel'], [painted(0), painted(20), painted(5)]), 'texture');
    assert.equal(await frameKindOf(['vessel'], [painted(0), painted(5), painted(20)]), 'other');
    assert.equal(await frameKindOf(['vessel'], [painted(0)]), 'other');
    assert.equal(await frameKindOf(['vein'], [painted(20)]), 'other');
  });

  it('is no texture where there are several words, however dense', async () => {
    assert.equal(await frameKindOf(['vessel', 'catheter'], [painted(50)]), 'other');
    assert.equal(await frameKindOf(['artery', 'vein'], [painted(50, photograph)]), 'photograph');
  });

  it('is refused without frames', async () => {
    await assert.rejects(
      frameKindOf(['vessel'], []),
      (error) => error instanceof SaltError && error.code === 'DATASET_INVALID',
    );
  });
});
