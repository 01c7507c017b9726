import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unsent } from '../../../extension/src/host/unsent.ts';

test('a save that failed half way goes on with the same files, and sends none twice', async () => {
  const unsent = new Unsent<string>();
  const sent: string[] = [];
  let encoded = 0;
  let isFull = true;
  const save = (key: string): Promise<readonly string[]> =>
    unsent.send(
      key,
      async () => {
        encoded++;
        return [1, 2, 3].map((n) => `${key}${encoded}.${n}`);
      },
      async (file, n) => {
        if (isFull && n === 1) throw new Error('full');
        sent.push(file);
      },
    );
  await assert.rejects(save('a'), /full/u);
  isFull = false;
  assert.deepEqual(await save('a'), ['a1.1', 'a1.2', 'a1.3']);
  assert.deepEqual(sent, ['a1.1', 'a1.2', 'a1.3']);

  // Done: saved once more it is another, and so is what was changed after a failure.
  await save('a');
  assert.equal(encoded, 2);
  isFull = true;
  await assert.rejects(save('a'), /full/u);
  isFull = false;
  assert.deepEqual(await save('b'), ['b4.1', 'b4.2', 'b4.3']);
});
