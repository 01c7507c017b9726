import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContentRange } from '../../src/runtime/download/content-range.ts';

test('a Content-Range says where a part begins, and how much there is', () => {
  assert.deepEqual(parseContentRange('bytes 5-9/10'), { start: 5, total: 10 });
  assert.deepEqual(parseContentRange('bytes 5-9/*'), { start: 5 });
  assert.deepEqual(parseContentRange('bytes */10'), { total: 10 });
  for (const wrong of [undefined, '', 'bytes 9-5/10', 'items 0-1/2', 'bytes 0-1']) {
    assert.equal(parseContentRange(wrong), undefined);
  }
});
