import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { subtractBackground } from '../../src/imaging/run/subtract.ts';
import type { Annotation, FramePixels } from '../../src/protocol/frames.ts';
import { besideAsTaught, frameSeenBy, requestAsTaught } from '../../src/worker/as-taught.ts';

const values = Uint8Array.of(60, 100, 140, 180);
const background = Uint8Array.of(100, 100, 150, 180);
const frame: FramePixels = { width: 2, height: 2, channels: 1, values, background };
const annotation: Annotation = {
  id: 'a',
  frame,
  masks: [{ word: 'Vein', mask: { width: 2, height: 2, data: Uint8Array.of(1, 0, 0, 0) } }],
  role: 'train',
};

describe('a frame of a run', () => {
  it('is seen less what stands still by who was taught so, as it is by others', () => {
    assert.deepEqual(
      [...frameSeenBy({ subtracts: true }, frame).pixels],
      [...subtractBackground(values, background)],
    );
    assert.deepEqual([...frameSeenBy({ subtracts: false }, frame).pixels], [...values]);
  });

  it('is steadied by those beside it where all are seen less what stands still', () => {
    const plain: FramePixels = { width: 2, height: 2, channels: 1, values };
    assert.deepEqual(besideAsTaught({ subtracts: true }, { frame, beside: [frame, plain] }), [frame]);
    assert.deepEqual(besideAsTaught({ subtracts: true }, { frame }), []);
    assert.deepEqual(besideAsTaught({ subtracts: true }, { frame: plain, beside: [frame] }), []);
    assert.deepEqual(besideAsTaught({ subtracts: false }, { frame, beside: [frame] }), []);
  });

  it('is learnt from as the adapter was taught that the run goes on from', () => {
    const request = { annotations: [annotation], preview: frame };
    assert.equal(requestAsTaught(request, undefined), request);
    assert.equal(requestAsTaught(request, { stillBackground: 'subtracted' }), request);
    const before = requestAsTaught(request, {});
    assert.deepEqual(before, {
      annotations: [{ ...annotation, frame: { width: 2, height: 2, channels: 1, values } }],
      preview: { width: 2, height: 2, channels: 1, values },
    });
  });
});
