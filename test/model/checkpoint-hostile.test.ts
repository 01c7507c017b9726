/**
 * Hundreds of damaged files. Whatever is in them, reading must end at once, in a checkpoint or in a typed error,
 * and never take memory that the file's own size does not justify.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { floatTensor } from '../../src/graph/tensor.ts';
import type { ByteSource } from '../../src/model/checkpoint/byte-source.ts';
import { openCheckpoint } from '../../src/model/checkpoint/open-checkpoint.ts';
import { samMetadata } from '../../src/model/checkpoint/load-sam.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import type { DetailConfig } from '../../src/model/detail/index.ts';
import { recognise } from '../../src/model/prepared/recognise.ts';
import { SALT_TINY, SALT_TINY_DETAIL } from '../../src/model/salt-tiny.ts';
import type { SamConfig } from '../../src/model/sam-config.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { createRandom, type Random } from '../../src/protocol/random.ts';
import { floatBytes, pickle, pth, safetensors, zip64 } from './checkpoint-fixtures.ts';

const CODES = new Set(['CHECKPOINT_INVALID', 'CHECKPOINT_REFUSED', 'FILE_UNREADABLE']);
/** Of the processor's time: how long it takes depends on what else the machine does. Measured: 0.6 s at most. */
const SLOWEST_MS = 1000;
/** What the test itself and the engine may allocate beside the file. */
const SLACK_BYTES = 4 * 2 ** 20;
/** What lists of the tensors of the deepest SAM there may be take, uncollected. Measured: 35 MB. */
const LISTS_BYTES = 64 * 2 ** 20;

/** A source that fails the test when asked for more than there is. */
function watched(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(offset, length) {
      assert.ok(
        length >= 0 && length <= bytes.length,
        `${length} bytes were asked of a file of ${bytes.length}`,
      );
      if (offset < 0 || offset + length > bytes.length) {
        return Promise.reject(new SaltError('FILE_UNREADABLE', 'outside the file'));
      }
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
}

/** Whether the file was accepted, and every one of its tensors read. */
async function survives(bytes: Uint8Array, name: string): Promise<boolean> {
  const start = process.cpuUsage();
  const before = process.memoryUsage().arrayBuffers;
  let accepted = true;
  try {
    const checkpoint = await openCheckpoint(watched(bytes), name);
    let total = 0;
    for (const tensor of checkpoint.names) {
      const { data } = await checkpoint.float32(tensor).catch(demandTyped);
      total += data.byteLength;
    }
    assert.ok(total <= 4 * bytes.length, `${total} bytes came out of a file of ${bytes.length}`);
  } catch (error) {
    demandTyped(error);
    accepted = false;
  }
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1000;
  assert.ok(took < SLOWEST_MS, `it took ${took} ms`);
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 8 * bytes.length + SLACK_BYTES, `it took ${grown} bytes of memory`);
  return accepted;
}

function demandTyped(error: unknown): { data: Float32Array } {
  if (error instanceof SaltError && CODES.has(error.code)) return { data: new Float32Array() };
  throw error;
}

const pick = <T>(random: Random, from: readonly T[]): T => {
  const chosen = from[random.integer(from.length)];
  assert.ok(chosen !== undefined);
  return chosen;
};

const HOSTILE_NUMBERS = [
  '0',
  '-1',
  '4',
  '1e9',
  '1.5',
  '2147483648',
  '4294967296',
  '9007199254740991',
  '1'.repeat(400),
];
const HOSTILE_TEXT = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\u0000',
  '__metadata__',
  '{"a":',
  '[[[[',
  'null',
  '\\ud800',
];

function mutateHeader(random: Random, header: string): string {
  const at = random.integer(header.length);
  switch (random.integer(6)) {
    case 0:
      return header.slice(0, at) + pick(random, HOSTILE_TEXT) + header.slice(at);
    case 1:
      return header.slice(0, at) + header.slice(at + 1 + random.integer(20));
    case 2: {
      const numbers = [...header.matchAll(/\d+/g)];
      const { index, 0: digits } = pick(random, numbers);
      return header.slice(0, index) + pick(random, HOSTILE_NUMBERS) + header.slice(index + digits.length);
    }
    case 3:
      return header.slice(0, at) + header.slice(random.integer(header.length));
    case 4:
      return header.replace(
        /F32|shape|dtype|data_offsets/,
        pick(random, ['F16', 'X', 'shape', 'dtype', 'data_offsets']),
      );
    default:
      return header.slice(0, at) + String.fromCharCode(random.integer(0x180)) + header.slice(at + 1);
  }
}

function mutateBytes(random: Random, bytes: Uint8Array, from = 0, to = bytes.length): Uint8Array {
  const copy = bytes.slice();
  const edits = 1 + random.integer(3);
  for (let i = 0; i < edits; i += 1) {
    copy[from + random.integer(to - from)] = pick(random, [0, 1, 0x7f, 0x80, 0xff, random.integer(256)]);
  }
  if (random.integer(8) === 0) return copy.subarray(0, random.integer(copy.length));
  return copy;
}

describe('hostile safetensors', () => {
  const tensors = new Map(
    ['image_encoder.pos_embed', 'neck.0.weight', 'neck.1.bias'].map((name, i) => [
      name,
      floatTensor([i + 1, 4]),
    ]),
  );
  const whole = encodeSafetensors(tensors, { format: 'pt', note: 'é' });
  const length = new DataView(whole.buffer).getUint32(0, true);
  const header = new TextDecoder().decode(whole.subarray(8, 8 + length));
  const data = whole.subarray(8 + length);

  it('400 mutated headers, most of them refused', async () => {
    const random = createRandom(1);
    let accepted = 0;
    for (let i = 0; i < 400; i += 1) {
      accepted += Number(await survives(safetensors(mutateHeader(random, header), data), 'x.safetensors'));
    }
    assert.ok(accepted < 100, `${accepted} of 400 were accepted`);
  });

  it('300 files with bytes changed or cut off', async () => {
    const random = createRandom(2);
    let accepted = 0;
    for (let i = 0; i < 300; i += 1) {
      accepted += Number(await survives(mutateBytes(random, whole, 0, 8 + length), 'x.safetensors'));
    }
    assert.ok(accepted < 150, `${accepted} of 300 were accepted`);
  });

  it('header lengths of every magnitude', async () => {
    for (let bit = 0; bit < 64; bit += 1) {
      for (const claimed of [2n ** BigInt(bit), 2n ** BigInt(bit) - 1n]) {
        if (claimed === BigInt(length)) continue;
        assert.equal(await survives(safetensors(header, data, claimed), 'x.safetensors'), false);
      }
    }
  });

  it('a header of a million brackets, and one of twenty thousand tensors', async () => {
    assert.equal(await survives(safetensors(`{"a":${'['.repeat(1_000_000)}`), 'x.safetensors'), false);
    const one = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
    const many = Array.from({ length: 20_000 }, (_, i) => `"t${i}":${one}`).join();
    assert.equal(await survives(safetensors(`{${many}}`), 'x.safetensors'), true);
  });
});

describe('hostile .pth', () => {
  const tensor = (key: string): number[] => pickle.tensor({ key, length: 6, shape: [2, 3], strides: [3, 1] });
  const program = pickle.program(
    pickle.dict({
      model: pickle.dict({ 'neck.0.weight': tensor('0'), 'neck.1.bias': tensor('1') }),
      epoch: pickle.int(7),
      lr: pickle.float(0.1),
    }),
  );
  const numbers = { 0: floatBytes(1, 2, 3, 4, 5, 6), 1: floatBytes(1, 2, 3, 4, 5, 6) };
  const whole = pth(program, numbers);

  it('is accepted when it is whole', async () => {
    assert.equal(await survives(whole, 'x.pth'), true);
  });

  it('500 files with bytes changed or cut off', async () => {
    const random = createRandom(3);
    let accepted = 0;
    for (let i = 0; i < 500; i += 1) accepted += Number(await survives(mutateBytes(random, whole), 'x.pth'));
    assert.ok(accepted < 300, `${accepted} of 500 were accepted`);
  });

  it('500 zip64 archives with bytes of their records changed or cut off', async () => {
    const { head, tail } = zip64([
      { name: 'archive/data.pkl', bytes: program },
      ...Object.entries(numbers).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
    ]);
    const archive = Uint8Array.from([...head, ...tail]);
    assert.equal(await survives(archive, 'x.pth'), true);
    const random = createRandom(6);
    let accepted = 0;
    for (let i = 0; i < 500; i += 1) {
      accepted += Number(await survives(mutateBytes(random, archive, archive.length - 400), 'x.pth'));
    }
    assert.ok(accepted < 300, `${accepted} of 500 were accepted`);
  });

  it('500 pickles with instructions changed, put in or taken out', async () => {
    const random = createRandom(4);
    let accepted = 0;
    for (let i = 0; i < 500; i += 1) {
      const at = random.integer(program.length);
      const inserted = Array.from({ length: random.integer(4) }, () => random.integer(256));
      const mutated = Uint8Array.from([
        ...program.subarray(0, at),
        ...inserted,
        ...program.subarray(at + random.integer(3)),
      ]);
      accepted += Number(await survives(pth(mutated, numbers), 'x.pth'));
    }
    assert.ok(accepted < 250, `${accepted} of 500 were accepted`);
  });

  it('200 pickles of random instructions', async () => {
    const random = createRandom(5);
    for (let i = 0; i < 200; i += 1) {
      const noise = Uint8Array.from({ length: 2 + random.integer(400) }, () => random.integer(256));
      await survives(pth(noise), 'x.pth');
    }
  });

  it('pickles that repeat one instruction 300,000 times', async () => {
    const setup = [...pickle.emptyDict, ...pickle.put(0), ...pickle.emptyTuple, ...pickle.put(1)];
    const repeated = [pickle.mark, pickle.emptyDict, pickle.get(0), pickle.get(1), [0x71, 5], [0x94], [0x85]];
    for (const instruction of repeated) {
      const bytes = new Uint8Array(setup.length + 300_000 * instruction.length);
      bytes.set(setup);
      for (let at = setup.length; at < bytes.length; at += instruction.length) bytes.set(instruction, at);
      assert.equal(await survives(pth(bytes), 'x.pth'), false);
    }
  });
});

describe('hostile metadata of a SAM', () => {
  /** A file of one tensor that says of itself what it likes. */
  async function refusal(metadata: Record<string, string>): Promise<SaltError> {
    const bytes = encodeSafetensors(new Map([['image_encoder.pos_embed', floatTensor([1])]]), metadata);
    const checkpoint = await openCheckpoint(watched(bytes), 'said.safetensors');
    const start = process.cpuUsage();
    const before = process.memoryUsage();
    let thrown: unknown;
    try {
      recognise(checkpoint);
    } catch (error) {
      thrown = error;
    }
    const { user, system } = process.cpuUsage(start);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    assert.ok((user + system) / 1000 < SLOWEST_MS, `it took ${(user + system) / 1000} ms`);
    const grown = heapUsed - before.heapUsed + arrayBuffers - before.arrayBuffers;
    assert.ok(grown < LISTS_BYTES, `it took ${grown} bytes of memory`);
    assert.ok(thrown instanceof SaltError, String(thrown));
    return thrown;
  }
  const said = (config: SamConfig, detail?: DetailConfig): Promise<SaltError> =>
    refusal(samMetadata(config, detail));

  for (const depths of [
    ['depth'],
    ['decoderDepth'],
    ['iouHeadDepth'],
    ['depth', 'decoderDepth', 'iouHeadDepth'],
  ]) {
    it(`says that it has layers without end: ${depths.join(', ')}`, async () => {
      const endless = Object.fromEntries(depths.map((name) => [name, 65_536]));
      const { code, message } = await said({ ...SALT_TINY, ...endless });
      assert.equal(code, 'CHECKPOINT_INVALID');
      for (const name of depths) assert.match(message, new RegExp(`\\b${name}\\b`));
    });
  }

  it('says that it has as many as a SAM may have, and has none of them', async () => {
    const deep = { ...SALT_TINY, depth: 256, decoderDepth: 256, iouHeadDepth: 256 };
    assert.equal((await said(deep, SALT_TINY_DETAIL)).code, 'CHECKPOINT_MISMATCH');
  });

  it('says that it has a detail head that cannot be joined to it', async () => {
    const { code, message } = await said(SALT_TINY, { ...SALT_TINY_DETAIL, poolings: 1, fold: 1 });
    assert.equal(code, 'CHECKPOINT_INVALID');
    assert.match(message, /detail_config does not fit its SAM: .* no grid of 4 pixels/);
  });
});
