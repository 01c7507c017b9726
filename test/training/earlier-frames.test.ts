import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashFrame } from '../../src/adapters/index.ts';
import type { AdapterFile } from '../../src/adapters/index.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import { adapterOfRun } from '../../src/training/adapter-of-run.ts';
import { notesOnEarlierFrames } from '../../src/training/earlier-frames.ts';
import { makeAdapterInfo } from '../adapters/make-adapter-info.ts';

const { model, method, seed, imageSize } = makeAdapterInfo();

/** What a run leaves that learnt from these frames, the first or one that goes on. */
function afterRun(trainingSamples: string[], heldOutSamples: string[], from?: AdapterFile) {
  return adapterOfRun(
    {
      ...{ model, method, seed, imageSize, trainingSamples, heldOutSamples },
      normalisation: 'sam',
      prompts: [{ word: 'Vein', encoder: null }],
      ...(from && { earlier: from.info.training }),
    },
    {
      trained: new Map([['a', floatTensor([1], Float32Array.of(trainingSamples.length))]]),
      step: 4,
      score: null,
    },
    { software: '0', createdAt: new Date(0), stepsPerEpoch: 2 },
  );
}

describe('a run that goes on from an adapter', () => {
  it('leaves one that names the frames of both, under one salt', async () => {
    const first = await afterRun(['a', 'b'], ['c']);
    const second = await afterRun(['b', 'c', 'd'], ['e'], first);
    const { salt, frames, heldOut } = second.info.training;
    const hashes = (ids: string[]) => Promise.all(ids.map((id) => hashFrame(salt, id)));
    assert.equal(salt, first.info.training.salt);
    assert.deepEqual(frames, await hashes(['a', 'b', 'c', 'd']));
    assert.deepEqual(heldOut, await hashes(['e']));
  });

  it('says when frames that are to judge it were learnt before, be it two runs ago', async () => {
    const second = await afterRun(['b'], ['c'], await afterRun(['a'], ['c']));
    assert.deepEqual(await notesOnEarlierFrames(second, [{ id: 'c' }, { id: 'd' }]), []);
    assert.deepEqual(await notesOnEarlierFrames(second, [{ id: 'a' }, { id: 'd' }]), [
      { kind: 'learnt before', frames: 1, heldOut: 2 },
    ]);
  });
});
