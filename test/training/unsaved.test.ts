import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { SaltError } from '../../src/protocol/errors.ts';
import { createNodeExecutor } from '../../src/runtime/node.ts';
import type { CheckpointStore } from '../../src/training/checkpoint-store.ts';
import { only, runToy, toyJob } from './toy-run.ts';

const executor = createNodeExecutor('cpu', { threads: 1 });
after(() => executor.dispose());

/** A store that has no room. */
const full: CheckpointStore = {
  load: () => Promise.resolve(undefined),
  save: () => Promise.reject(new SaltError('FILE_UNWRITABLE', 'No more space.')),
};
const checkpointSeconds = 0;

describe('a run that cannot be saved', () => {
  it('goes on to its result where the host has it so, and claims no checkpoint', async () => {
    const told: string[] = [];
    const onUnsaved = ({ message }: SaltError): void => void told.push(message);
    const { result, events } = await runToy(executor, toyJob(), {
      store: full,
      checkpointSeconds,
      onUnsaved,
    });
    assert.equal(result.reason, 'budget');
    assert.ok(told.length > 1 && told.every((message) => message === 'No more space.'));
    assert.deepEqual(only(events, 'checkpoint'), []);
  });

  it('does not say that it is paused', async () => {
    let told = 0;
    const paused = runToy(executor, toyJob(), {
      store: full,
      checkpointSeconds,
      onUnsaved: () => {
        told++;
      },
      // Asked for just after the step was not saved.
      wish: () => (told > 0 ? 'pause' : undefined),
    });
    await assert.rejects(paused, { code: 'FILE_UNWRITABLE' });
  });

  it('ends where the host wants its checkpoints', async () => {
    await assert.rejects(runToy(executor, toyJob(), { store: full, checkpointSeconds }), {
      code: 'FILE_UNWRITABLE',
    });
  });
});
