import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SaltError } from '../../src/protocol/errors.ts';
import { AUGMENTATIONS } from '../../src/training/augmentation.ts';
import { createBatches } from '../../src/training/batches.ts';
import type { Batch, BatchOptions } from '../../src/training/batches.ts';
import { remembered } from '../../src/training/training-sample.ts';
import type { TrainingSample } from '../../src/training/training-sample.ts';
import { greyFrame } from './toy-task.ts';

const SIDE = 4;
const OPTIONS: BatchOptions = {
  side: SIDE,
  batchSize: 2,
  words: ['artery', 'vein'],
  wordRole: 'output',
  crop: 'native',
  normalisation: 'sam',
  augmentation: AUGMENTATIONS.none,
  seed: 1,
  cacheBytes: 1e9,
};

/** A frame of one grey level, with an artery in its first pixel and, if wanted, a vein in its second. */
function sample(
  level: number,
  words: readonly string[] = ['artery', 'vein'],
  loads: number[] = [],
): TrainingSample {
  return {
    id: `level ${level}`,
    loadFrame: () => {
      loads.push(level);
      return Promise.resolve(greyFrame(SIDE, SIDE, new Float32Array(SIDE * SIDE).fill(level)));
    },
    masks: new Map(
      words.map((word) => {
        const data = new Uint8Array(SIDE * SIDE);
        data[word === 'artery' ? 0 : 1] = 1;
        return [word, () => Promise.resolve({ width: SIDE, height: SIDE, data })];
      }),
    ),
  };
}

/** Which frames a batch shows, by their level. */
function levelsOf(batch: Batch): number[] {
  const size = SIDE * SIDE;
  const data = numbers(batch, 'image');
  return Array.from({ length: data.length / 3 / size }, (_, b) =>
    Math.round((data[3 * b * size] ?? 0) * 58.395 + 123.675),
  );
}

function numbers(batch: Batch, name: string): Float32Array {
  return batch[name]?.data ?? new Float32Array();
}

async function draw(source: { next(): Promise<Batch> }, count: number): Promise<number[]> {
  const levels: number[] = [];
  for (let i = 0; i < count; i++) levels.push(...levelsOf(await source.next()));
  return levels;
}

describe('createBatches', () => {
  it('gives each word an output, in the order asked for', async () => {
    const batch = await createBatches([sample(10)], OPTIONS).next();
    assert.deepEqual(
      Object.entries(batch).map(([name, { shape }]) => [name, shape]),
      [
        ['image', [2, 3, SIDE, SIDE]],
        ['target', [2, 2, SIDE, SIDE]],
        ['valid', [2, 1, SIDE, SIDE]],
      ],
    );
    const ones = [...numbers(batch, 'target')].flatMap((bit, i) => (bit === 1 ? i : []));
    assert.deepEqual(ones, [0, 17, 32, 49]);
    assert.ok(numbers(batch, 'valid').every((bit) => bit === 1));
  });

  it('asks for one word at a time where words are prompts', async () => {
    const embeddings = new Map([
      ['artery', Float32Array.of(1, 2, 3)],
      ['vein', Float32Array.of(4, 5, 6)],
    ]);
    const source = createBatches([sample(10), sample(20, ['vein'])], {
      ...OPTIONS,
      wordRole: 'prompt',
      embeddings,
      batchSize: 3,
    });
    assert.equal(source.examples, 3);
    const batch = await source.next();
    assert.deepEqual(batch['target']?.shape, [3, 1, SIDE, SIDE]);
    assert.deepEqual(batch['text_embedding']?.shape, [3, 3]);
    const [target, texts] = [numbers(batch, 'target'), numbers(batch, 'text_embedding')];
    const asked = [0, 1, 2].map((b) => (texts[3 * b] === 1 ? 'artery' : 'vein'));
    assert.deepEqual([...asked].sort(), ['artery', 'vein', 'vein']);
    asked.forEach((word, b) => {
      assert.deepEqual([...target.subarray(16 * b, 16 * b + 2)], word === 'artery' ? [1, 0] : [0, 1]);
    });
  });

  it('shows every example once in a round, in an order of its own', async () => {
    const samples = [10, 20, 30, 40, 50, 60].map((level) => sample(level));
    const levels = await draw(createBatches(samples, OPTIONS), 6);
    const rounds = [levels.slice(0, 6), levels.slice(6)];
    for (const round of rounds) {
      assert.deepEqual(
        [...round].sort((a, b) => a - b),
        [10, 20, 30, 40, 50, 60],
      );
    }
    assert.notDeepEqual(rounds[0], rounds[1]);
  });

  it('goes on from a saved state as if nothing had happened', async () => {
    const samples = [10, 20, 30, 40, 50].map((level) => sample(level));
    const options = { ...OPTIONS, augmentation: AUGMENTATIONS.vessels };
    const source = createBatches(samples, options);
    await source.next();
    await source.next();
    const state = JSON.parse(JSON.stringify(source.state())) as ReturnType<typeof source.state>;
    const expected = [await source.next(), await source.next()];
    const resumed = createBatches(samples, options);
    resumed.restore(state);
    assert.deepEqual([await resumed.next(), await resumed.next()], expected);
  });

  it('reads each file once as long as the cache has room, and again when it has not', async () => {
    const few: number[] = [];
    const samples = (loads: number[]) => [10, 20, 30].map((level) => sample(level, undefined, loads));
    await draw(createBatches(samples(few), OPTIONS), 9);
    assert.equal(few.length, 3);
    const many: number[] = [];
    await draw(createBatches(samples(many), { ...OPTIONS, cacheBytes: 1 }), 9);
    assert.ok(many.length > 9, `${many.length} reads`);
  });

  it('asks an image all its words at once, and counts nothing where it has fewer', async () => {
    const embeddings = new Map([
      ['artery', Float32Array.of(1, 0)],
      ['vein', Float32Array.of(0, 1)],
    ]);
    const source = createBatches([sample(10), sample(20, ['vein'])], {
      ...OPTIONS,
      wordRole: 'prompt',
      promptsPerImage: 2,
      embeddings,
    });
    assert.equal(source.examples, 2);
    const batch = await source.next();
    assert.deepEqual(
      ['image', 'target', 'valid', 'text_embedding'].map((name) => batch[name]?.shape),
      [
        [2, 3, SIDE, SIDE],
        [4, 1, SIDE, SIDE],
        [4, 1, SIDE, SIDE],
        [4, 2],
      ],
    );
    const size = SIDE * SIDE;
    const first = levelsOf(batch)[0] === 10 ? 0 : 2;
    const rows = (name: string, length: number, from: number): number[][] =>
      [from, from + 1].map((row) => [...numbers(batch, name).subarray(row * length, (row + 1) * length)]);
    const ones = (row: number[]): number[] => row.flatMap((bit, i) => (bit === 1 ? i : []));
    assert.deepEqual(rows('target', size, first).map(ones), [[0], [1]]);
    assert.deepEqual(rows('text_embedding', 2, first), [
      [1, 0],
      [0, 1],
    ]);
    const lone = 2 - first;
    assert.deepEqual(rows('target', size, lone).map(ones), [[1], []]);
    assert.deepEqual(
      rows('valid', size, lone).map((row) => ones(row).length),
      [size, 0],
    );
    assert.deepEqual(rows('text_embedding', 2, lone)[0], [0, 1]);
  });

  it('refuses a frame without all words where the model learns them at once', () => {
    assert.throws(
      () => createBatches([sample(10, ['vein'])], OPTIONS),
      (error) =>
        error instanceof SaltError && error.code === 'DATASET_INVALID' && /artery/.test(error.message),
    );
  });

  it('refuses samples of which none shows what is asked for', () => {
    assert.throws(
      () => createBatches([sample(10)], { ...OPTIONS, words: ['nerve'], wordRole: 'prompt' }),
      (error) => error instanceof SaltError && error.code === 'DATASET_INVALID',
    );
  });

  it('refuses a mask of another size than its frame', async () => {
    const masks = new Map([
      ['vein', () => Promise.resolve({ width: 2, height: 2, data: new Uint8Array(4) })],
    ]);
    const source = createBatches([{ ...sample(10), masks }], { ...OPTIONS, words: ['vein'] });
    await assert.rejects(
      source.next(),
      (error) =>
        error instanceof SaltError && error.code === 'DATASET_INVALID' && /2 x 2/.test(error.message),
    );
  });

  it('counts the rim of paint neither way where that is asked for, save of what has no middle', async () => {
    const side = 8;
    const draw = async (paint: readonly number[], drafted?: true): Promise<string[]> => {
      const data = new Uint8Array(side * side);
      for (const at of paint) data[at] = 1;
      const painted: TrainingSample = {
        id: 'painted',
        loadFrame: () => Promise.resolve(greyFrame(side, side, new Float32Array(side * side))),
        masks: new Map([['vein', () => Promise.resolve({ width: side, height: side, data })]]),
        ...(drafted && { drafted }),
      };
      const batch = await createBatches([painted], {
        ...OPTIONS,
        side,
        words: ['vein'],
        batchSize: 1,
        forgiveEdges: true,
      }).next();
      const valid = numbers(batch, 'valid');
      return Array.from({ length: side }, (_, y) => valid.subarray(y * side, (y + 1) * side).join(''));
    };
    // The border of the image is no rim.
    const wide = [...Array(side * side).keys()].filter((at) => at % side < 4);
    assert.deepEqual(await draw(wide), Array<string>(side).fill('11101111'));
    assert.deepEqual(
      await draw(wide, true),
      Array<string>(side).fill('11111111'),
      'a draft ends where it ends',
    );
    // A line of one pixel counts whole.
    const line = Array.from({ length: side }, (_, y) => y * side + 4);
    assert.deepEqual(await draw(line), Array<string>(side).fill('11111111'));
  });
});

describe('remembered', () => {
  it('reads each file once, until the memory allowed is full', async () => {
    const loads: number[] = [];
    const samples = [10, 20].map((level) => sample(level, undefined, loads));
    // One frame of 16 floats takes 64 bytes.
    const kept = remembered(samples, 100);
    for (let i = 0; i < 3; i++) for (const each of kept) await each.loadFrame();
    assert.deepEqual(loads, [10, 20, 20, 20]);
    const mask = await kept[1]?.masks.get('vein')?.();
    assert.equal(mask?.data[1], 1);
    assert.equal(kept[0]?.loadFieldOfView, undefined);
  });
});
