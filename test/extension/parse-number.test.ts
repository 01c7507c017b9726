import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNumber } from '../../extension/src/panel/common/parse-number.ts';

test('a whole number is digits alone, in range', () => {
  const rules = { min: 0, max: 100_000, whole: true };
  for (const [text, expected] of [
    ['1000', 1000],
    [' 7 ', 7],
    ['0', 0],
    ['100000', 100_000],
  ] as const) {
    assert.equal(parseNumber(text, rules), expected, text);
  }
  for (const text of ['1,000', '1.000', '1.0', '1e3', '0x10', '-5', 'abc', '', '200000', '1 000']) {
    assert.equal(parseNumber(text, rules), undefined, text);
  }
});

test('another number has a comma or a point, and may have an exponent', () => {
  const rules = { min: 1e-9, max: 1, whole: false };
  for (const [text, expected] of [
    ['0.001', 0.001],
    ['0,001', 0.001],
    ['.5', 0.5],
    ['1e-4', 1e-4],
  ] as const) {
    assert.equal(parseNumber(text, rules), expected, text);
  }
  for (const text of ['0', '1.5', '1,0,0', '-1', 'e', '', '0x1']) {
    assert.equal(parseNumber(text, rules), undefined, text);
  }
});
