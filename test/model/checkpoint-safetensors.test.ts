import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { floatTensor, sizeOf } from '../../src/graph/tensor.ts';
import { blobSource, bytesSource } from '../../src/model/checkpoint/byte-source.ts';
import { assertFinite } from '../../src/model/checkpoint/finite.ts';
import { openSafetensors, parseSafetensors } from '../../src/model/checkpoint/safetensors.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { floatBytes, safetensors } from './checkpoint-fixtures.ts';

const invalid = (pattern: RegExp) => (error: unknown) =>
  error instanceof SaltError && error.code === 'CHECKPOINT_INVALID' && pattern.test(error.message);

const refuses = (file: Uint8Array, pattern: RegExp): void => {
  assert.throws(() => parseSafetensors(file), invalid(pattern));
};

const header = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify(fields);
const f32 = (shape: readonly number[], begin: number, end: number): object => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  it('gives back what was written, for any names, shapes, values and metadata', () => {
    const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    const tensor = shape.chain((dims) =>
      fc
        .array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
          minLength: sizeOf(dims),
          maxLength: sizeOf(dims),
        })
        .map((values) => floatTensor(dims, Float32Array.from(values))),
    );
    const name = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => text !== '__metadata__');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, tensor)),
        fc.dictionary(name, fc.string({ unit: 'grapheme' })),
        (list, meta) => {
          const tensors = new Map(list);
          const bytes = encodeSafetensors(tensors, meta);
          const file = parseSafetensors(bytes);
          assert.deepEqual([...file.names].sort(), [...tensors.keys()].sort());
          assert.deepEqual({ ...file.metadata }, { ...meta });
          for (const [key, { shape: dims, data }] of tensors) {
            assert.deepEqual(file.info(key), { dtype: 'F32', shape: dims });
            assert.deepEqual(file.float32(key).data, data);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('writes the same bytes whatever the order, data at a multiple of 8', () => {
    const a = floatTensor([3], Float32Array.of(1, 2, 3));
    const b = floatTensor([1, 2], Float32Array.of(4, 5));
    const one = encodeSafetensors(
      new Map([
        ['a', a],
        ['b', b],
      ]),
      { x: '1', y: '2' },
    );
    const two = encodeSafetensors(
      new Map([
        ['b', b],
        ['a', a],
      ]),
      { y: '2', x: '1' },
    );
    assert.deepEqual(one, two);
    const length = new DataView(one.buffer).getUint32(0, true);
    assert.equal(length % 8, 0);
    assert.equal(one.byteLength, 8 + length + 20);
  });

  it('reads aligned F32 without copying, and unaligned F32 by copying', () => {
    const aligned = parseSafetensors(safetensors(header({ w: f32([1], 0, 4) }).padEnd(64), floatBytes(7)));
    assert.equal(aligned.float32('w').data.buffer.byteLength, 8 + 64 + 4);
    const unaligned = parseSafetensors(safetensors(header({ w: f32([1], 0, 4) }).padEnd(65), floatBytes(7)));
    assert.deepEqual(unaligned.float32('w').data, Float32Array.of(7));
  });

  it('converts F64, F16 and BF16 to float32 when asked', () => {
    const bits16 = (...bits: number[]): number[] => bits.flatMap((word) => [word & 255, word >>> 8]);
    const doubles = new Uint8Array(Float64Array.of(0.1, -2).buffer);
    const data = Uint8Array.from([
      ...doubles,
      ...bits16(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x0400, 0x3555), // halves
      ...bits16(0x3f80, 0xc000, 0x7f7f), // bfloats
    ]);
    const file = parseSafetensors(
      safetensors(
        header({
          d: { dtype: 'F64', shape: [2], data_offsets: [0, 16] },
          h: { dtype: 'F16', shape: [7], data_offsets: [16, 30] },
          b: { dtype: 'BF16', shape: [3], data_offsets: [30, 36] },
        }),
        data,
      ),
    );
    assert.deepEqual(file.float32('d').data, Float32Array.of(0.1, -2));
    assert.deepEqual(
      file.float32('h').data,
      Float32Array.of(1, -2, 2 ** -24, 65504, -0, 2 ** -14, 0.333251953125),
    );
    assert.deepEqual(file.float32('b').data, Float32Array.of(1, -2, 3.3895313892515355e38));
  });

  it('stores F16 rounded to nearest, ties to even, and refuses what overflows', () => {
    const cases: [number, number][] = [
      [1 + 2 ** -11, 1],
      [1 + 3 * 2 ** -11, 1 + 2 ** -9],
      [1 + 2 ** -11 + 2 ** -20, 1 + 2 ** -10],
      [2 ** -24, 2 ** -24],
      [2 ** -25, 0],
      [1.5 * 2 ** -25, 2 ** -24],
      [-65519, -65504],
      [2 ** -14 - 2 ** -26, 2 ** -14],
      [2047.5, 2048],
    ];
    const tensor = floatTensor(
      [cases.length],
      Float32Array.from(cases, ([value]) => value),
    );
    const file = parseSafetensors(encodeSafetensors(new Map([['t', tensor]]), {}, { dtype: 'F16' }));
    assert.equal(file.info('t').dtype, 'F16');
    assert.deepEqual(
      file.float32('t').data,
      Float32Array.from(cases, ([, rounded]) => rounded),
    );
    const large = new Map([['t', floatTensor([2], Float32Array.of(1, 65520))]]);
    assert.throws(
      () => encodeSafetensors(large, {}, { dtype: 'F16' }),
      (error) => error instanceof SaltError && error.code === 'NOT_FINITE' && error.details['index'] === 1,
    );
  });

  it('every half survives the way to float32 and back', () => {
    const halves = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).filter(
      (bits) => (bits & 0x7c00) !== 0x7c00,
    );
    const json = header({
      h: { dtype: 'F16', shape: [halves.length], data_offsets: [0, halves.byteLength] },
    });
    const floats = parseSafetensors(safetensors(json, new Uint8Array(halves.buffer))).float32('h');
    const again = encodeSafetensors(new Map([['h', floats]]), {}, { dtype: 'F16' });
    assert.deepEqual(again.subarray(-halves.byteLength), new Uint8Array(halves.buffer));
  });

  it('reads integers and booleans, and keeps real numbers and integers apart', () => {
    const longs = new Uint8Array(BigInt64Array.of(-5n, 2n ** 40n, 2n ** 60n).buffer);
    const file = parseSafetensors(
      safetensors(
        header({
          i: { dtype: 'I64', shape: [2], data_offsets: [0, 16] },
          big: { dtype: 'I64', shape: [1], data_offsets: [16, 24] },
          n: { dtype: 'I32', shape: [1], data_offsets: [24, 28] },
          u: { dtype: 'U8', shape: [2], data_offsets: [28, 30] },
          t: { dtype: 'BOOL', shape: [2], data_offsets: [30, 32] },
          f: f32([1], 32, 36),
        }),
        Uint8Array.from([...longs, 254, 255, 255, 255, 0, 200, 0, 1, ...floatBytes(1)]),
      ),
    );
    assert.deepEqual(file.integers('i'), [-5, 2 ** 40]);
    assert.deepEqual(file.integers('n'), [-2]);
    assert.deepEqual(file.integers('u'), [0, 200]);
    assert.deepEqual(file.integers('t'), [0, 1]);
    assert.throws(() => file.integers('big'), invalid(/"big" holds 1152921504606846976/));
    assert.throws(() => file.integers('f'), invalid(/"f" holds F32, where integers/));
    assert.throws(() => file.float32('i'), invalid(/"i" holds I64, where F32/));
    assert.throws(() => file.float32('none'), invalid(/no tensor "none"/));
  });

  it('reads tensors one by one from a Blob and from a larger array', async () => {
    const tensors = new Map([
      ['a', floatTensor([2], Float32Array.of(1, 2))],
      ['b', floatTensor([2, 1], Float32Array.of(3, 4))],
    ]);
    const bytes = encodeSafetensors(tensors, { hello: 'world' });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    for (const source of [blobSource(new Blob([bytes])), bytesSource(shifted.subarray(3))]) {
      const checkpoint = await openSafetensors(source);
      assert.deepEqual(checkpoint.names, ['a', 'b']);
      assert.deepEqual(checkpoint.metadata, { hello: 'world' });
      assert.deepEqual(checkpoint.shape('b'), [2, 1]);
      assert.deepEqual((await checkpoint.float32('b')).data, Float32Array.of(3, 4));
    }
  });

  it('names the tensor and the index of a number that is not finite', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      assert.throws(
        () => assertFinite('neck.0.weight', Float32Array.of(1, 2, bad, bad)),
        (error) =>
          error instanceof SaltError &&
          error.code === 'NOT_FINITE' &&
          error.message.includes('neck.0.weight') &&
          error.details['index'] === 2,
      );
    }
    assertFinite('fine', Float32Array.of(0, -0, 3e38));
    assert.throws(
      () => encodeSafetensors(new Map([['w', floatTensor([1], Float32Array.of(NaN))]])),
      SaltError,
    );
  });
});

describe('a safetensors header that breaks a rule', () => {
  const data = floatBytes(1, 2);
  it('the length: too short a file, beyond the file, beyond 100 MB, near 2^64', () => {
    refuses(new Uint8Array(0), /as short as 0 bytes/);
    refuses(new Uint8Array(9), /as short as 9 bytes/);
    refuses(safetensors('{}', data, 11n), /claims 11 bytes, but the file has 18/);
    refuses(safetensors('{}', data, 100_000_001n), /allows 100000000/);
    refuses(safetensors('{}', data, 2n ** 64n - 1n), /allows 100000000/);
  });
  it('the start: anything but an opening brace', () => {
    refuses(safetensors(' {}'), /does not start with "{"/);
    refuses(safetensors('[]'), /does not start with "{"/);
    refuses(safetensors('', data, 0n), /does not start with "{"/);
    refuses(safetensors('\ufeff{}'), /does not start with "{"/);
  });
  it('the text: not UTF-8, not JSON, not ended, something after it', () => {
    refuses(safetensors(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), /UTF-8/);
    for (const text of ['{ ', '{"a"}', '{"a":1}', "{'a':{}}", '{,}', '{"a', '{"a\\', '{"\u0001":{}}']) {
      refuses(safetensors(text), /not what the format allows/);
    }
    refuses(safetensors('{"__metadata__":{},}'), /not what the format allows/);
    refuses(safetensors('{} {}'), /end of the safetensors header/);
    refuses(safetensors('{}\0'), /end of the safetensors header/);
    refuses(safetensors('{"\\ud800":{}}'), /half a character/);
    assert.deepEqual(parseSafetensors(safetensors('{}  \n\t ')).names, []);
  });
  it('keys that come twice: of tensors, of fields, of metadata, also when one is escaped', () => {
    const w = JSON.stringify(f32([1], 0, 4));
    refuses(safetensors(`{"w":${w},"w":${w}}`, data), /"w" comes twice in the safetensors header/);
    refuses(safetensors(`{"w":${w},"\\u0077":${w}}`, data), /"w" comes twice/);
    refuses(safetensors('{"w":{"dtype":"F32","dtype":"F32"}}', data), /"dtype" comes twice in tensor "w"/);
    refuses(safetensors('{"__metadata__":{"a":"1","a":"2"}}'), /"a" comes twice in __metadata__/);
    refuses(safetensors('{"__metadata__":{},"__metadata__":{}}'), /"__metadata__" comes twice/);
  });
  it('metadata: anything but strings', () => {
    for (const value of ['1', 'null', '{}', '["a"]', 'true']) {
      refuses(safetensors(`{"__metadata__":{"a":${value}}}`), /value of __metadata__ "a"/);
    }
    refuses(safetensors('{"__metadata__":null}'), /__metadata__/);
  });
  it('keeps metadata called __proto__ as data', () => {
    const { metadata } = parseSafetensors(safetensors('{"__metadata__":{"__proto__":"x"}}'));
    assert.deepEqual(Object.entries(metadata), [['__proto__', 'x']]);
  });
  it('a tensor: fields missing, unknown, of another kind', () => {
    refuses(
      safetensors('{"w":{"dtype":"F32","shape":[1]}}', data),
      /needs dtype, shape and two data_offsets/,
    );
    refuses(safetensors('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0]}}', data), /two data_offsets/);
    refuses(
      safetensors('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', data),
      /two data_offsets/,
    );
    refuses(
      safetensors('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}', data),
      /unknown field "x"/,
    );
    refuses(safetensors('{"w":{"dtype":4,"shape":[1],"data_offsets":[0,4]}}', data), /in dtype/);
    for (const number of [
      '-1',
      '1.0',
      '1e0',
      '01',
      '"1"',
      'null',
      '9007199254740992',
      '99999999999999999999',
    ]) {
      refuses(
        safetensors(`{"w":{"dtype":"F32","shape":[${number}],"data_offsets":[0,4]}}`, data),
        /whole number of shape/,
      );
    }
  });
  it('an unknown dtype, by its name', () => {
    refuses(
      safetensors('{"w":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}', data),
      /unknown dtype "F8_E4M3"/,
    );
    refuses(
      safetensors('{"w":{"dtype":"toString","shape":[8],"data_offsets":[0,8]}}', data),
      /unknown dtype "toString"/,
    );
  });
  it('offsets: outside the file, backwards, not the size of the shape, or a shape that overflows', () => {
    refuses(safetensors(header({ w: f32([3], 0, 12) }), data), /bytes 0 to 12, which the file does not have/);
    refuses(safetensors(header({ w: f32([1], 8, 4) }), data), /bytes 8 to 4/);
    refuses(safetensors(header({ w: f32([1], 0, 8) }), data), /needs 4 bytes, but its offsets span 8/);
    refuses(safetensors(header({ w: f32([2 ** 31, 2 ** 31], 0, 8) }), data), /size overflows/);
    refuses(safetensors(header({ w: f32([2 ** 40, 2 ** 40, 0], 0, 0) }), data), /size overflows/);
  });
  it('coverage: holes, overlaps, a tail', () => {
    refuses(safetensors(header({ a: f32([1], 4, 8) }), data), /"a" leaves a hole/);
    refuses(safetensors(header({ a: f32([2], 0, 8), b: f32([1], 4, 8) }), data), /"b" overlaps/);
    refuses(safetensors(header({ a: f32([1], 0, 4) }), data), /last tensor ends at byte \d+, the file at/);
    refuses(safetensors('{}', data), /last tensor ends/);
    const unordered = parseSafetensors(
      safetensors(header({ b: f32([1], 4, 8), e: f32([0], 4, 4), a: f32([1], 0, 4) }), data),
    );
    assert.deepEqual(unordered.float32('b').data, Float32Array.of(2));
  });
});
