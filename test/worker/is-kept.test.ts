import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SaltError } from '../../src/protocol/errors.ts';
import { isKept } from '../../src/worker/is-kept.ts';

test('a run that was refused before its first step is not kept, whether it had started or not', () => {
  for (const code of ['INVALID_ARGUMENT', 'DATASET_INVALID'] as const) {
    const refused = new SaltError(code, 'This cannot work.');
    assert.equal(isKept(refused, 'nothing'), false);
    assert.equal(isKept(refused, 'start'), false);
    assert.equal(isKept(refused, 'step'), true);
  }
});

test('a run whose device was lost is kept, and one that had started and may go well another time', () => {
  const lost = new SaltError('DEVICE_LOST', 'The device is gone.');
  for (const reached of ['nothing', 'start', 'step'] as const) assert.equal(isKept(lost, reached), true);
  for (const failure of [new SaltError('OUT_OF_MEMORY', 'Too much.'), new TypeError('Unforeseen.')]) {
    assert.equal(isKept(failure, 'nothing'), false);
    assert.equal(isKept(failure, 'start'), true);
    assert.equal(isKept(failure, 'step'), true);
  }
});
