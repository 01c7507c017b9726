import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Memo } from '../../../extension/src/host/cornerstone-types.ts';
import { Labelmaps } from '../../../extension/src/host/labelmaps.ts';
import { writeLabels } from '../../../extension/src/host/mask-edit.ts';
import type { FrameWrite } from '../../../extension/src/host/mask-edit.ts';

const SEGMENTATION = 'segmentation';
const UIDS = { studyInstanceUid: '1', seriesInstanceUid: '2', sopInstanceUid: '3' };

/** A viewer with one labelmap for each frame. */
function viewerWith(frames: number, side: number) {
  const images = new Map(
    Array.from(
      { length: frames },
      (_, index) => [`labels/${index}`, new Uint8Array(side * side)] as [string, Uint8Array],
    ),
  );
  const memos: Memo[] = [];
  /** Indices of the frames that were told of, call by call. */
  const told: number[][] = [];
  const segmentation = {
    segmentationId: SEGMENTATION,
    representationData: { Labelmap: { imageIds: [...images.keys()] } },
  };
  const host = {
    core: {
      cache: {
        getImage: (imageId: string) => {
          const labels = images.get(imageId);
          const voxelManager = { getScalarData: () => labels, setScalarData: () => undefined };
          return labels && { imageId, columns: side, rows: side, voxelManager };
        },
      },
      utilities: { HistoryMemo: { DefaultHistoryMemo: { push: (memo: Memo) => memos.push(memo) } } },
    },
    services: { segmentationService: { getSegmentation: () => segmentation } },
    tools: {
      segmentation: {
        triggerSegmentationEvents: {
          triggerSegmentationDataModified: (_: string, modified: number[]) => told.push(modified),
        },
      },
    },
  } as unknown as Parameters<typeof writeLabels>[0];
  const full = { width: side, height: side, data: new Uint8Array(side * side).fill(1) };
  const layer = { label: 1, imageIdOf: new Map<string, string>(), locked: new Set<number>() };
  const writes = [...images.keys()].map((imageId, index): FrameWrite => ({
    frame: { ...UIDS, frameNumber: index + 1 },
    imageId,
    masks: [{ layer, mask: full }],
  }));
  return {
    memos,
    told,
    labels: (index: number) => images.get(`labels/${index}`) ?? new Uint8Array(),
    lose: (index: number) => images.delete(`labels/${index}`),
    write: (options?: Parameters<typeof writeLabels>[4]) =>
      writeLabels(host, new Labelmaps(host), SEGMENTATION, writes, options),
  };
}

test('a few frames are written before anything else can happen, as one step of undo', () => {
  const viewer = viewerWith(3, 8);
  const written: number[] = [];
  void viewer.write({ onWritten: ({ frameNumber }) => void written.push(frameNumber) });
  assert.deepEqual(written, [1, 2, 3]);
  assert.deepEqual(viewer.told, [[0, 1, 2]]);
  assert.ok(viewer.labels(2).every((label) => label === 1));
  assert.equal(viewer.memos.length, 1);
  viewer.memos[0]?.restoreMemo(true);
  assert.ok([0, 1, 2].every((index) => viewer.labels(index).every((label) => label === 0)));
  viewer.memos[0]?.restoreMemo(false);
  assert.ok(viewer.labels(0).every((label) => label === 1));
});

test('in long work a person draws between two frames, and what is drawn stays', async () => {
  const frames = 40;
  const viewer = viewerWith(frames, 512);
  let strokes = 0;
  const stroke = (index: number): void => {
    strokes++;
    viewer.labels(index)[5] = 2;
  };
  let ended = false;
  // As soon as there is a rest: on a frame whose turn is to come, and on one whose turn was.
  setTimeout(() => {
    assert.ok(!ended, 'there was no rest');
    stroke(0);
    stroke(frames - 1);
    viewer.lose(frames - 2);
  });
  await viewer.write({ unless: ({ frameNumber }) => viewer.labels(frameNumber - 1)[5] === 2 });
  ended = true;
  assert.equal(strokes, 2);
  assert.equal(viewer.labels(0)[5], 2);
  assert.deepEqual([...viewer.labels(frames - 1).subarray(0, 7)], [0, 0, 0, 0, 0, 2, 0]);
  assert.ok(viewer.labels(frames - 3).every((label) => label === 1));
  assert.ok(viewer.told.length > 1);
  assert.equal(viewer.told.flat().length, frames - 2);
  assert.equal(viewer.memos.length, 1, 'all of it is one step');
});

test('what changes nothing is no step of undo, and neither is what is not to be one', async () => {
  const viewer = viewerWith(2, 8);
  await viewer.write({ undoable: false });
  await viewer.write();
  assert.equal(viewer.memos.length, 0);
  assert.equal(viewer.told.length, 1);
});
