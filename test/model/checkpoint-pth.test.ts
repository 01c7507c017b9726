import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesSource } from '../../src/model/checkpoint/byte-source.ts';
import type { CheckpointSource } from '../../src/model/checkpoint/checkpoint-source.ts';
import { openPth } from '../../src/model/checkpoint/pth.ts';
import { SaltError, type ErrorCode } from '../../src/protocol/errors.ts';
import { floatBytes, pickle, pth } from './checkpoint-fixtures.ts';

const open = (file: Uint8Array): Promise<CheckpointSource> => openPth(bytesSource(file));

const fails = (file: Uint8Array, code: ErrorCode, pattern: RegExp): Promise<void> =>
  assert.rejects(
    open(file),
    (error) => error instanceof SaltError && error.code === code && pattern.test(error.message),
  );

const SIX = floatBytes(0, 1, 2, 3, 4, 5);
const tensor = (shape: readonly number[], strides: readonly number[], offset = 0): number[] =>
  pickle.tensor({ key: '0', length: 6, shape, strides, offset });
const stateDict = (entries: Readonly<Record<string, number[]>>): Uint8Array =>
  pth(pickle.program(pickle.dict(entries)), { 0: SIX });

describe('a .pth checkpoint', () => {
  it('gives the tensors of a state dict', async () => {
    const checkpoint = await open(
      stateDict({ 'a.weight': tensor([2, 3], [3, 1]), scalar: tensor([], [], 4) }),
    );
    assert.deepEqual(checkpoint.names, ['a.weight', 'scalar']);
    assert.deepEqual(checkpoint.shape('a.weight'), [2, 3]);
    assert.deepEqual((await checkpoint.float32('a.weight')).data, Float32Array.of(0, 1, 2, 3, 4, 5));
    assert.deepEqual(await checkpoint.float32('scalar'), {
      dtype: 'float32',
      shape: [],
      data: Float32Array.of(4),
    });
    await assert.rejects(async () => checkpoint.float32('b'), /no tensor "b"/);
  });

  it('honours offsets and strides: slices, transposes, every second number, axes of one element, nothing', async () => {
    const checkpoint = await open(
      stateDict({
        slice: tensor([2], [1], 3),
        transposed: tensor([3, 2], [1, 3]),
        second: tensor([3], [2], 1),
        expandedAxis: tensor([1, 6], [77, 1]),
        none: tensor([0, 3], [3, 1], 6),
      }),
    );
    const values = async (name: string): Promise<number[]> => [...(await checkpoint.float32(name)).data];
    assert.deepEqual(await values('slice'), [3, 4]);
    assert.deepEqual(await values('transposed'), [0, 3, 1, 4, 2, 5]);
    assert.deepEqual(await values('second'), [1, 3, 5]);
    assert.deepEqual(await values('expandedAxis'), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(await checkpoint.float32('none'), {
      dtype: 'float32',
      shape: [0, 3],
      data: new Float32Array(),
    });
  });

  it('reads half, bfloat16 and double; integers are listed but are no real numbers', async () => {
    const make = (type: string, key: string): number[] =>
      pickle.tensor({ type, key, length: 1, shape: [1], strides: [1] });
    const file = pth(
      pickle.program(
        pickle.dict({
          half: make('HalfStorage', 'h'),
          bfloat: make('BFloat16Storage', 'b'),
          double: make('DoubleStorage', 'd'),
          long: make('LongStorage', 'l'),
        }),
      ),
      {
        h: Uint8Array.of(0, 0x3e),
        b: Uint8Array.of(0xc0, 0x3f),
        d: new Uint8Array(Float64Array.of(0.1).buffer),
        l: new Uint8Array(8),
      },
    );
    const checkpoint = await open(file);
    assert.deepEqual((await checkpoint.float32('half')).data, Float32Array.of(1.5));
    assert.deepEqual((await checkpoint.float32('bfloat')).data, Float32Array.of(1.5));
    assert.deepEqual((await checkpoint.float32('double')).data, Float32Array.of(0.1));
    await assert.rejects(checkpoint.float32('long'), /"long" holds I64/);
  });

  it('finds the state dict of a training checkpoint, under the usual names, among other values', async () => {
    const inner = pickle.dict({ w: tensor([6], [1]) });
    const parameter = [
      ...pickle.global('torch._utils', '_rebuild_parameter'),
      ...pickle.tuple(tensor([6], [1]), pickle.bool(true), pickle.orderedDict()),
      ...pickle.reduce,
    ];
    const others = {
      epoch: pickle.int(3),
      seed: pickle.long(2n ** 60n),
      lr: pickle.float(1e-4),
      name: pickle.text('é'),
      list: [...pickle.emptyList, ...pickle.mark, ...pickle.none, ...pickle.bool(false), ...pickle.appends],
    };
    for (const entries of [
      { ...others, model: inner },
      { state_dict: inner, ...others },
      { model: pickle.dict({ ...others, model_state_dict: inner }) },
      { ...others, w: parameter },
    ]) {
      const checkpoint = await open(stateDict(entries));
      assert.deepEqual(checkpoint.names, ['w']);
      assert.deepEqual((await checkpoint.float32('w')).data[5], 5);
    }
  });

  it('ignores the attributes that torch leaves on an OrderedDict', async () => {
    const program = pickle.program(
      pickle.orderedDict(),
      pickle.text('w'),
      tensor([6], [1]),
      pickle.setItem,
      pickle.dict({ _metadata: pickle.orderedDict() }),
      pickle.build,
    );
    assert.deepEqual((await open(pth(program, { 0: SIX }))).names, ['w']);
  });

  it('reads newer pickle protocols', async () => {
    const program = Uint8Array.from([
      ...pickle.proto(4),
      ...[0x95, 0, 0, 0, 0, 0, 0, 0, 0],
      ...pickle.stackGlobal('collections', 'OrderedDict'),
      0x94,
      ...pickle.emptyTuple,
      ...pickle.reduce,
      ...[0x8c, 1, 0x77],
      ...tensor([6], [1]),
      ...pickle.setItem,
      ...pickle.stop,
    ]);
    assert.deepEqual((await open(pth(program, { 0: SIX }))).names, ['w']);
    await fails(pth(Uint8Array.of(0x80, 6, 0x2e)), 'CHECKPOINT_INVALID', /protocol 6/);
  });
});

describe('a pickle that asks for more than tensors', () => {
  const call = (target: number[]): Uint8Array =>
    pth(pickle.program(target, pickle.tuple(pickle.text('touch harm')), pickle.reduce));

  for (const [module, name] of [
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['builtins', 'eval'],
    ['builtins', 'exec'],
    ['__builtin__', 'getattr'],
    ['subprocess', 'Popen'],
    ['numpy.core.multiarray', '_reconstruct'],
    ['torch', 'load'],
    ['torch.jit', 'load'],
    ['torch', 'CharStorage'],
    ['torch._utils', '_rebuild_tensor_v2.__globals__'],
    ['collections', 'OrderedDict.__reduce__'],
    ['argparse', 'Namespace'],
  ] as const) {
    it(`names ${module}.${name} and stops, however it is spelled`, async () => {
      const pattern = new RegExp(
        `asks for ${module}.${name}; a checkpoint needs only tensors. It was not executed.`,
      );
      await fails(call(pickle.global(module, name)), 'CHECKPOINT_REFUSED', pattern);
      await fails(call(pickle.stackGlobal(module, name)), 'CHECKPOINT_REFUSED', pattern);
      await fails(call(pickle.inst(module, name)), 'CHECKPOINT_REFUSED', pattern);
    });
  }

  it('refuses every instruction that is not on the list, by its name', async () => {
    const refusedNames: [number, string][] = [
      [0x6f, 'OBJ'],
      [0x81, 'NEWOBJ'],
      [0x92, 'NEWOBJ_EX'],
      [0x82, 'EXT1'],
      [0x84, 'EXT4'],
      [0x50, 'PERSID'],
      [0x67, 'GET'],
      [0x32, 'DUP'],
      [0x8b, 'LONG4'],
      [0x8e, 'BINBYTES8'],
      [0x8f, 'EMPTY_SET'],
      [0x96, 'BYTEARRAY8'],
      [0x97, 'NEXT_BUFFER'],
      [0x00, '0x00'],
      [0xff, '0xff'],
    ];
    for (const [opcode, name] of refusedNames) {
      const program = pickle.program(pickle.emptyDict, [opcode, 1, 0, 0, 0, 0, 0, 0, 0]);
      await fails(pth(program), 'CHECKPOINT_REFUSED', new RegExp(`pickle instruction ${name};`));
    }
  });

  it('refuses to call what is no function, and to set what is no OrderedDict', async () => {
    const args = pickle.emptyTuple;
    const cases: [number[][], RegExp][] = [
      [[pickle.text('os.system'), args, pickle.reduce], /calls a str/],
      [[pickle.emptyDict, args, pickle.reduce], /calls a dict/],
      [[tensor([6], [1]), args, pickle.reduce], /calls a tensor/],
      [
        [pickle.global('torch', 'FloatStorage'), args, pickle.reduce],
        /calls torch.FloatStorage, which is only a type/,
      ],
      [
        [pickle.global('collections', 'OrderedDict'), pickle.tuple(pickle.emptyList), pickle.reduce],
        /with arguments/,
      ],
      [[pickle.emptyDict, pickle.emptyDict, pickle.build], /attributes of a dict \(BUILD\)/],
      [[tensor([6], [1]), pickle.emptyDict, pickle.build], /attributes of a tensor/],
      [
        [pickle.global('torch._utils', '_rebuild_tensor_v2'), pickle.emptyDict, pickle.build],
        /attributes of a torch/,
      ],
      [[pickle.orderedDict(), pickle.text('x'), pickle.build], /attributes of a OrderedDict/],
      [[pickle.emptyDict, pickle.text('x'), pickle.append], /appends to a dict/],
      [[pickle.emptyTuple, pickle.text('x'), pickle.none, pickle.setItem], /sets items of a tuple/],
    ];
    for (const [instructions, pattern] of cases) {
      await fails(pth(pickle.program(...instructions), { 0: SIX }), 'CHECKPOINT_REFUSED', pattern);
    }
  });

  it('does not echo control characters of a hostile name', async () => {
    await assert.rejects(open(call(pickle.stackGlobal('os\u001b[2J', 'x'.repeat(5000)))), (error) => {
      assert.ok(error instanceof SaltError);
      // eslint-disable-next-line no-control-regex -- that is the point
      assert.doesNotMatch(error.message, /[\u0000-\u001f]/);
      assert.ok(error.message.length < 250);
      return true;
    });
  });
});

describe('a damaged pickle', () => {
  it('takes more than it made, recalls what it never stored, or ends early', async () => {
    const cases: [number[][], RegExp][] = [
      [[pickle.reduce], /more values than it has made/],
      [[[0x75]], /more values than it has made/],
      [[pickle.none, pickle.mark, pickle.setItem], /more values than it has made/],
      [[pickle.get(7)], /recalls a value 7/],
      [[], /more values than it has made/],
      [[pickle.none, pickle.none], /does not end where it should/],
      [[pickle.mark, pickle.none], /does not end where it should/],
      [[pickle.none, pickle.stop], /does not end where it should/],
      [[[0x58, 255, 255, 255, 255]], /ends in the middle of an instruction/],
      [[[0x63, 0x6f, 0x73]], /ends in the middle of a name/],
      [[[0x58, 1, 0, 0, 0, 0xff]], /not valid UTF-8/],
      [[pickle.emptyDict, pickle.emptyTuple, pickle.none, pickle.setItem], /has a tuple as key/],
      [[pickle.emptyDict, pickle.mark, pickle.none, [0x75]], /key without a value/],
    ];
    for (const [instructions, pattern] of cases) {
      await fails(pth(pickle.program(...instructions)), 'CHECKPOINT_INVALID', pattern);
    }
    await fails(pth(new Uint8Array()), 'CHECKPOINT_INVALID', /ends in the middle/);
  });

  it('describes tensors that do not lie within their storage', async () => {
    const bad = (fields: Partial<Parameters<typeof pickle.tensor>[0]>, pattern: RegExp): Promise<void> => {
      const instructions = pickle.tensor({ key: '0', length: 6, shape: [6], strides: [1], ...fields });
      return fails(
        pth(pickle.program(pickle.dict({ w: instructions })), { 0: SIX }),
        'CHECKPOINT_INVALID',
        pattern,
      );
    };
    await bad({ offset: 1 }, /beyond its end/);
    await bad({ offset: -1 }, /not described as PyTorch/);
    await bad({ strides: [2] }, /beyond its end/);
    await bad({ shape: [-1] }, /not described as PyTorch/);
    await bad({ shape: [2, 3] }, /not described as PyTorch/);
    await bad({ shape: [2n ** 62n] }, /not described as PyTorch/);
    await bad({ shape: [2n ** 52n], strides: [0] }, /more elements than the storage/);
    await bad({ shape: [2n ** 52n, 2n ** 52n, 2n ** 52n, 0n], strides: [0, 0, 0, 0] }, /size overflows/);
    await bad(
      { shape: new Array<number>(65).fill(1), strides: new Array<number>(65).fill(1) },
      /not described/,
    );
    await bad({ length: 5, shape: [5] }, /needs 20 bytes of numbers; the file has 24/);
    await bad({ length: 2n ** 50n, shape: [1] }, /needs \d+ bytes of numbers; the file has 24/);
    await bad({ length: 2n ** 52n, shape: [1] }, /size overflows/);
    await bad({ key: '1' }, /the file has none/);
    await bad({ type: 'DoubleStorage' }, /needs 48 bytes/);
  });

  it('claims many times the numbers it has, by sharing them', async () => {
    const shared = [...tensor([6], [1]), ...pickle.put(0)];
    const entries = Array.from({ length: 200 }, (_, i): [string, number[]] => [
      `w${i}`,
      i === 0 ? shared : pickle.get(0),
    ]);
    const data = floatBytes(...new Array<number>(6000).fill(1));
    const big = pickle.tensor({ key: '0', length: 6000, shape: [6000], strides: [1] });
    const bomb = entries.map(([name, ops], i): [string, number[]] => [
      name,
      i === 0 ? [...big, ...pickle.put(0)] : ops,
    ]);
    const file = pth(pickle.program(pickle.dict(Object.fromEntries(bomb))), { 0: data });
    await fails(file, 'CHECKPOINT_INVALID', /by sharing the same numbers/);
    // Tied weights are common, and fine.
    const tied = pth(pickle.program(pickle.dict(Object.fromEntries(entries.slice(0, 2)))), { 0: SIX });
    assert.deepEqual((await open(tied)).names, ['w0', 'w1']);
  });

  it('contains itself, or nests deeply, without harm', async () => {
    const self = pickle.program(
      pickle.emptyDict,
      pickle.put(0),
      pickle.text('model'),
      pickle.get(0),
      pickle.setItem,
    );
    await fails(pth(self), 'CHECKPOINT_INVALID', /no tensors by name/);
    const deep = pickle.program(new Array<number>(200_000).fill(0x5d), new Array<number>(199_999).fill(0x61));
    await fails(pth(deep), 'CHECKPOINT_INVALID', /no tensors by name/);
  });
});
