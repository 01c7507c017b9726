import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { AttributeProtoSchema } from 'onnx-buf';
import { ProtoWriter } from '../../src/graph/proto-writer.ts';

function attribute(write: (writer: ProtoWriter) => void) {
  const writer = new ProtoWriter();
  write(writer);
  return fromBinary(AttributeProtoSchema, writer.finish());
}

test('integers of either sign survive up to 2^53', () => {
  const numbers = [0, 1, -1, 127, 128, 300, -300, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
  numbers.push(Number.MIN_SAFE_INTEGER);
  for (const n of numbers) {
    assert.equal(attribute((w) => { w.int(3, n); }).i, BigInt(n)); // prettier-ignore
  }
});

test('a field is found after a byte string of any length', () => {
  for (const length of [0, 127, 128, 1023, 1024, 70_000]) {
    const { s, i } = attribute((w) => {
      w.bytes(4, new Uint8Array(length).fill(7));
      w.int(3, 5);
    });
    assert.deepEqual([s.length, s.every((byte) => byte === 7), i], [length, true, 5n]);
  }
});

test('field numbers above 15 take two bytes', () => {
  assert.equal(attribute((w) => { w.int(20, 7); }).type, 7); // prettier-ignore
});

test('floats keep their bits, and so do infinities', () => {
  for (const x of [0.1, -0, 3e38, 1e-45, Infinity]) {
    assert.ok(Object.is(attribute((w) => { w.float(2, x); }).f, Math.fround(x))); // prettier-ignore
  }
});

test('messages within messages', () => {
  const { t } = attribute((w) => {
    w.message(5, (tensor) => {
      tensor.int(1, 3);
      tensor.string(8, 'é');
    });
  });
  assert.deepEqual([t?.dims, t?.name], [[3n], 'é']);
});
