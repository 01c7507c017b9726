import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paintedPart, patched } from '../../extension/src/workflow/masks/painted-part.ts';
import { openSession, segmentationOf } from './open-session.ts';
import type { Opened } from './open-session.ts';

/** Paints a block of four by four at the top left of the first frame, and collects it as a part. */
async function collectPart(): Promise<
  Opened & { readonly painted: readonly number[]; readonly side: number }
> {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  await session.frames.brush('brush');
  const { width: side } = await viewer.framePixels(series[0].frames[0]!);
  const painted = [0, 1, 2, 3].flatMap((y) => [0, 1, 2, 3].map((x) => (y + 1) * side + x + 1));
  viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[0]!, painted);
  await session.frames.collect();
  await session.frames.setPaintedPartOnly(state().frames[0]!.id, true);
  return { ...opened, painted, side };
}

test('the part is a box about all paint, with a margin, inside the frame', () => {
  const frame = { width: 1000, height: 500, channels: 1 as const, values: new Uint8Array(500_000) };
  const data = new Uint8Array(500_000);
  data[20 * 1000 + 3] = 1;
  data[100 * 1000 + 400] = 1;
  const masks = [{ word: 'Vein', mask: { width: 1000, height: 500, data } }];
  assert.deepEqual(paintedPart({ paintedPartOnly: true, frame, masks }), {
    left: 0,
    top: 12,
    width: 409,
    height: 97,
  });
  assert.equal(paintedPart({ frame, masks }), undefined);
  assert.equal(paintedPart({ paintedPartOnly: true, frame, masks: [] }), undefined, 'nothing is painted');
});

test('one mask inside the part, another beside it', () => {
  const mask = (...data: number[]) => ({ width: 3, height: 2, data: Uint8Array.from(data) });
  const part = { left: 1, top: 0, width: 1, height: 2 };
  assert.deepEqual(patched(mask(1, 1, 1, 0, 0, 0), mask(0, 0, 0, 1, 1, 1), part), mask(1, 0, 1, 0, 1, 0));
});

test('only the part is taught, until the whole frame is said to count', async () => {
  const { session, backend, state } = await collectPart();
  await session.training.start();
  const [annotation] = backend.runs[0]?.request?.annotations ?? [];
  assert.deepEqual(annotation?.region, paintedPart(state().frames[0]!));
  backend.runs[0]?.end({ kind: 'discarded' });
  await session.frames.setPaintedPartOnly(state().frames[0]!.id, false);
  assert.equal(paintedPart(state().frames[0]!), undefined);
});

test('the paint of the part is kept when the frame is segmented, and the model draws beside it', async () => {
  const opened = await collectPart();
  const { session, viewer, series, state, until, painted, side } = opened;
  const [frame] = series[0].frames;
  await session.segmenting.segment('frame');
  const { id } = segmentationOf(opened, 'A');
  const data = viewer.readMask(id, 1, frame!)?.data ?? new Uint8Array();
  const part = paintedPart(state().frames[0]!)!;
  const isInside = (at: number): boolean => {
    const [x, y] = [at % side, Math.floor(at / side)];
    return x < part.left + part.width && y < part.top + part.height && x >= part.left && y >= part.top;
  };
  const set = [...data.keys()].filter((at) => data[at] === 1);
  assert.deepEqual(set.filter(isInside), painted);
  assert.ok(
    set.some((at) => !isInside(at)),
    'the model found nothing beside the part',
  );
  await until(({ place }) => place?.segmentation?.id === id);
  assert.equal(state().place?.changed, false, 'what the model drew beside it is no change of the paint');
  assert.equal(state().place?.uncollected, 0);

  // A correction beside the part is a person's work again.
  viewer.erase(id, frame!, set.filter((at) => !isInside(at)).slice(0, 1));
  await until(({ place }) => place?.uncollected === 1);
  assert.equal(state().place?.changed, true);
});
