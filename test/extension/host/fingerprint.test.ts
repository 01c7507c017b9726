import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fingerprint, isPainted } from '../../../extension/src/host/fingerprint.ts';

const labels = (length: number) =>
  fc.array(fc.constantFrom(0, 0, 0, 1, 2), { minLength: length, maxLength: length });

test('two labelmaps have the same fingerprint just where every pixel is the same', () => {
  for (const length of [12, 13]) {
    fc.assert(
      fc.property(labels(length), labels(length), (a, b) => {
        const same = a.every((label, at) => label === b[at]);
        for (const Labels of [Uint8Array, Uint16Array]) {
          const [left, right] = [Labels.from(a), Labels.from(b)];
          assert.equal(fingerprint([left]) === fingerprint([right]), same);
          assert.equal(
            isPainted(left),
            a.some((label) => label > 0),
          );
          assert.equal(fingerprint([left]) === 0, !isPainted(left));
        }
      }),
    );
  }
});

test('a label that moves by a pixel, to another layer, or is another, is another fingerprint', () => {
  const seen = new Set<number>();
  const [side, layers] = [64, 2];
  for (let layer = 0; layer < layers; layer++) {
    for (let at = 0; at < side * side; at++) {
      for (const label of [1, 2]) {
        const maps = Array.from({ length: layers }, () => new Uint8Array(side * side));
        maps[layer]![at] = label;
        seen.add(fingerprint(maps));
      }
    }
  }
  assert.equal(seen.size, layers * side * side * 2);
  assert.ok(!seen.has(0));
});

test('memory that does not begin at four bytes is read all the same', () => {
  const memory = new Uint8Array(9);
  const view = memory.subarray(1);
  assert.ok(!isPainted(view));
  memory[8] = 1;
  assert.ok(isPainted(view));
  assert.notEqual(fingerprint([view]), 0);
});
