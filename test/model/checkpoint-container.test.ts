import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesSource, type ByteSource } from '../../src/model/checkpoint/byte-source.ts';
import { openCheckpoint } from '../../src/model/checkpoint/open-checkpoint.ts';
import { openPth } from '../../src/model/checkpoint/pth.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { SaltError, type ErrorCode } from '../../src/protocol/errors.ts';
import { floatBytes, pickle, pth, zip, zip64 } from './checkpoint-fixtures.ts';

const fails = (file: Uint8Array, code: ErrorCode, pattern: RegExp): Promise<void> =>
  assert.rejects(
    openPth(bytesSource(file)),
    (error) => error instanceof SaltError && error.code === code && pattern.test(error.message),
  );

const SIX = floatBytes(0, 1, 2, 3, 4, 5);
const tensor = (shape: readonly number[], strides: readonly number[], offset = 0): number[] =>
  pickle.tensor({ key: '0', length: 6, shape, strides, offset });
const stateDict = (entries: Readonly<Record<string, number[]>>): Uint8Array =>
  pth(pickle.program(pickle.dict(entries)), { 0: SIX });

describe('a zip archive that is no checkpoint', () => {
  const data = { name: 'archive/data.pkl', bytes: pickle.program(pickle.dict({ w: tensor([6], [1]) })) };
  const numbers = { name: 'archive/data/0', bytes: SIX };

  it('lacks data.pkl, has two of them, or is a TorchScript program', async () => {
    await fails(zip([numbers]), 'CHECKPOINT_INVALID', /not one that torch.save wrote/);
    await fails(zip([]), 'CHECKPOINT_INVALID', /not one that torch.save wrote/);
    await fails(
      zip([data, { ...data, name: 'b/data.pkl' }]),
      'CHECKPOINT_INVALID',
      /not one that torch.save wrote/,
    );
    const script = zip([data, numbers, { name: 'archive/constants.pkl', bytes: SIX }]);
    await fails(script, 'CHECKPOINT_INVALID', /TorchScript program/);
  });

  it('compresses its entries, or names one twice', async () => {
    await fails(
      zip([{ ...data, method: 8 }, numbers]),
      'CHECKPOINT_INVALID',
      /"archive\/data.pkl" is compressed/,
    );
    await fails(zip([data, data, numbers]), 'CHECKPOINT_INVALID', /comes twice/);
  });

  it('holds big-endian numbers', async () => {
    const order = { name: 'archive/byteorder', bytes: new TextEncoder().encode('big') };
    await fails(zip([data, order, numbers]), 'CHECKPOINT_INVALID', /"big"-endian/);
  });

  it('was not fetched whole', async () => {
    const whole = zip([data, numbers]);
    await fails(whole.subarray(0, whole.length - 1), 'CHECKPOINT_INVALID', /not fetched whole/);
    await fails(whole.subarray(0, 40), 'CHECKPOINT_INVALID', /not fetched whole/);
  });

  it('lets two entries claim the same bytes', async () => {
    const file = zip([
      data,
      { name: 'archive/data/0', bytes: new Uint8Array(4000) },
      { name: 'x', bytes: SIX },
    ]);
    // The directory's last record, of x: its sizes become those of the large entry before it, its offset 0.
    const view = new DataView(file.buffer);
    const record = file.length - 22 - 47;
    assert.equal(view.getUint32(record, true), 0x02014b50);
    view.setUint32(record + 20, 4000, true);
    view.setUint32(record + 24, 4000, true);
    view.setUint32(record + 42, 0, true);
    await fails(file, 'CHECKPOINT_INVALID', /"x" does not fit/);
  });
});

describe('a zip64 archive', () => {
  const entries = [
    { name: 'archive/data.pkl', bytes: pickle.program(pickle.dict({ w: tensor([2, 2], [2, 1], 1) })) },
    { name: 'archive/data/0', bytes: SIX },
  ];

  it('is read past 4 GiB, and only where something was asked for', async () => {
    const hole = 5 * 2 ** 30;
    const { head, tail } = zip64(entries, hole);
    let bytesRead = 0;
    const source: ByteSource = {
      size: head.length + hole + tail.length,
      async read(offset, length) {
        bytesRead += length;
        const bytes = new Uint8Array(length);
        const place = (part: Uint8Array, at: number): void => {
          const start = Math.max(0, offset - at);
          const end = Math.min(part.length, offset + length - at);
          if (start < end) bytes.set(part.subarray(start, end), at + start - offset);
        };
        place(head, 0);
        place(tail, head.length + hole);
        return Promise.resolve(bytes);
      },
    };
    const checkpoint = await openPth(source);
    assert.deepEqual((await checkpoint.float32('w')).data, Float32Array.of(1, 2, 3, 4));
    assert.ok(bytesRead < 2 ** 18, `${bytesRead} bytes were read`);
  });

  it('was not fetched whole', async () => {
    const { head, tail } = zip64(entries);
    const whole = Uint8Array.from([...head, ...tail]);
    assert.deepEqual((await openPth(bytesSource(whole))).names, ['w']);
    await fails(whole.subarray(0, whole.length - 1), 'CHECKPOINT_INVALID', /not fetched whole/);
  });

  it('has a directory too large for any checkpoint, which is not read', async () => {
    const many = Array.from({ length: 14_000 }, (_, i) => ({ name: String(i), bytes: new Uint8Array() }));
    const { head, tail } = zip64(many);
    await fails(Uint8Array.from([...head, ...tail]), 'CHECKPOINT_INVALID', /directory claims 1\d{6} bytes/);
  });
});

describe('openCheckpoint', () => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content.padEnd(80));
  const failsAs = (file: Uint8Array, name: string, pattern: RegExp): Promise<void> =>
    assert.rejects(
      openCheckpoint(bytesSource(file), name),
      (error) =>
        error instanceof SaltError && error.code === 'CHECKPOINT_INVALID' && pattern.test(error.message),
    );

  it('knows both formats by their content, whatever the file is called', async () => {
    const asSafetensors = encodeSafetensors(
      new Map([['w', { dtype: 'float32', shape: [0], data: new Float32Array() }]]),
    );
    assert.deepEqual((await openCheckpoint(bytesSource(asSafetensors), 'sam.pth')).names, ['w']);
    const asPth = stateDict({ v: tensor([6], [1]) });
    assert.deepEqual((await openCheckpoint(bytesSource(asPth), 'sam.safetensors')).names, ['v']);
  });

  it('says what a file is that is no checkpoint, and what to do', async () => {
    const legacy = Uint8Array.of(
      0x80,
      2,
      0x8a,
      0x0a,
      0x6c,
      0xfc,
      0x9c,
      0x46,
      0xf9,
      0x20,
      0x6a,
      0xa8,
      0x50,
      0x19,
      0x2e,
    );
    await failsAs(legacy, 'old.pth', /^old.pth: A checkpoint from before PyTorch 1.6.*save it again/);
    await failsAs(text('version https://git-lfs.github.com/spec/v1'), 'a.pth', /git lfs pull/);
    await failsAs(text('<!DOCTYPE html><html>'), 'a.safetensors', /web page/);
    await failsAs(text('hello'), 'a.pth', /neither a safetensors file nor a PyTorch checkpoint/);
    await failsAs(text('hello'), 'a.safetensors', /safetensors header claims/);
    await failsAs(new Uint8Array(), 'a.pth', /neither/);
    await failsAs(new Uint8Array(), 'a.safetensors', /as short as 0 bytes/);
  });
});
