import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { floatTensor } from '../../src/graph/tensor.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { savedFingerprint } from '../../src/training/checkpointer.ts';
import { fileCheckpointStore } from '../../src/training/checkpoint-store.node.ts';
import {
  decodeTrainingState,
  encodeTrainingState,
  isTrainingState,
} from '../../src/training/training-state.ts';
import type { TrainingState } from '../../src/training/training-state.ts';

function stateAt(step: number): TrainingState {
  const vector = floatTensor([3], Float32Array.of(step, -0, 1e-40));
  return {
    fingerprint: { seed: '1' },
    step,
    elapsedSeconds: 1.25,
    batches: { order: createRandom(1).state(), augmentation: createRandom(2).state(), queue: [2, 0] },
    history: [{ step: 1, score: { dice: 0.5, hd95: 4.5 } }],
    best: { step: 1, score: { dice: 0.5, hd95: 4.5 } },
    stale: 1,
    parameters: [vector, floatTensor([1])],
    first: [vector, floatTensor([1])],
    second: [vector, floatTensor([1])],
    bestParameters: [vector, floatTensor([1])],
  };
}

describe('training state', () => {
  it('comes back as it was, to the bit', () => {
    assert.deepEqual(decodeTrainingState(encodeTrainingState(stateAt(7))), stateAt(7));
  });

  it('is refused when it is of something else, or damaged', () => {
    const bytes = encodeTrainingState(stateAt(7));
    const text = new TextDecoder('latin1').decode(bytes);
    const other = new TextEncoder().encode(text.replace('salt-training/1', 'salt-training/9'));
    for (const wrong of [bytes.subarray(0, -1), bytes.subarray(0, 5), new Uint8Array(), other]) {
      assert.equal(isTrainingState(wrong), false);
      assert.throws(
        () => decodeTrainingState(wrong),
        (error) => error instanceof SaltError && error.code === 'CHECKPOINT_INVALID',
      );
    }
    assert.equal(isTrainingState(bytes), true);
  });
});

describe('fileCheckpointStore', () => {
  let folder: string;
  let path: string;
  let warnings: string[];
  const load = async (): Promise<number | undefined> => {
    const bytes = await fileCheckpointStore(path).load(isTrainingState, ({ message }) =>
      warnings.push(message),
    );
    return bytes && decodeTrainingState(bytes).step;
  };
  const save = (step: number) => fileCheckpointStore(path).save(encodeTrainingState(stateAt(step)));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'salt-store-'));
    path = join(folder, 'below', 'run.state');
    warnings = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('gives what was saved last, and nothing before the first', async () => {
    assert.equal(await load(), undefined);
    for (const step of [1, 2, 3]) {
      await save(step);
      assert.equal(await load(), step);
    }
    assert.deepEqual(warnings, []);
  });

  it('says what the run is whose checkpoint it has', async () => {
    assert.equal(await savedFingerprint(fileCheckpointStore(path)), undefined);
    await save(1);
    assert.deepEqual(await savedFingerprint(fileCheckpointStore(path)), stateAt(1).fingerprint);
  });

  it('falls back on the one before when the newest is torn, with a warning', async () => {
    await save(1);
    await save(2);
    await truncate(path, 100);
    assert.equal(await load(), 1);
    assert.match(warnings.join(), /run\.state is damaged: the one before is used/);
  });

  it('is none the worse for a kill between any two of its steps', async () => {
    await save(1);
    await save(2);
    await writeFile(`${path}.unfinished`, 'half a checkp');
    assert.equal(await load(), 2, 'while the new file is being written');
    await rename(path, `${path}.previous`);
    assert.equal(await load(), 2, 'between the two renames');
    await save(3);
    assert.equal(await load(), 3);
    assert.deepEqual(warnings, []);
  });

  it('starts anew when both are damaged, and says so', async () => {
    await save(1);
    await save(2);
    await truncate(path, 10);
    await truncate(`${path}.previous`, 10);
    assert.equal(await load(), undefined);
    assert.equal(warnings.length, 2);
  });

  it('says when it cannot write', async () => {
    await writeFile(join(folder, 'below'), 'a file where a folder should be');
    await assert.rejects(save(1), (error) => error instanceof SaltError && error.code === 'FILE_UNWRITABLE');
    assert.equal((await readFile(join(folder, 'below'))).length, 31);
  });
});
