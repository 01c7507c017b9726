import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { STRUCTURES } from '../../src/generator/generated-image.ts';
import type { Executor } from '../../src/graph/executor.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { builtInTextEncoder } from '../../src/model/text/built-in-text.ts';
import { VOCABULARY } from '../../src/training/pretraining/vocabulary.ts';
import { hashedTextEncoder } from '../../src/model/text/hashed-text-encoder.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import type { CheckpointStore } from '../../src/training/checkpoint-store.ts';
import { coarseMask } from '../../src/training/pretraining/coarse-masks.ts';
import { DrawnBatches } from '../../src/training/pretraining/drawn-batches.ts';
import { pretrain } from '../../src/training/pretraining/pretrain.ts';
import type { PretrainingEvent } from '../../src/training/pretraining/pretrain.ts';
import { drawPrompts } from '../../src/training/pretraining/prompts.ts';
import {
  isFirstLesson,
  isSpatial,
  pretrainingSettingsSchema,
  rarityShare,
} from '../../src/training/pretraining/settings.ts';
import { teachWords } from '../../src/training/pretraining/words-lesson.ts';
import { POINT_TOKENS, drawSpatialPrompt } from '../../src/training/pretraining/spatial-prompts.ts';

const SMALL = { imageSize: 128, uses: 2, pool: 3, promptsPerImage: 3, evaluateEvery: 1000 };
const ENCODER = hashedTextEncoder(512);
const FREQUENCIES = floatTensor([2, 64], new Float32Array(128).fill(0.5));

describe('what a pretraining run asks', () => {
  const random = createRandom(1);
  const holds = new Set(['vessel', 'artery', 'vein', 'optic disc'] as const);

  test('is vessels alone in the first lesson', () => {
    const prompts = Array.from({ length: 50 }, () =>
      drawPrompts(4, 'angiogram', holds, 0.6, true, random),
    ).flat();
    assert.ok(
      prompts.every(({ structure }) => structure && ['vessel', 'artery', 'vein'].includes(structure)),
    );
  });

  test('is everything that the image holds, or also things that it does not', () => {
    const prompts = Array.from({ length: 200 }, () => drawPrompts(5, 'fundus', holds, 0.6, false, random));
    const held = (asked: (typeof prompts)[number]): boolean =>
      asked.every(
        ({ structure }) => structure !== undefined && (holds as ReadonlySet<string>).has(structure),
      );
    for (const asked of prompts) {
      const structures = asked.map(({ structure }) => structure);
      assert.equal(asked.length, 5);
      assert.ok(structures.includes('artery') && structures.includes('vein'));
    }
    const complete = prompts.filter(held);
    assert.ok(
      complete.length > 80 && complete.length < 160,
      `${complete.length} of 200 ask for nothing absent`,
    );
    assert.ok(complete.some((asked) => new Set(asked.map(({ structure }) => structure)).size === holds.size));
    const all = prompts.flat();
    const count = (which: string | undefined): number =>
      all.filter(({ structure }) => structure === which).length;
    assert.ok(count('optic disc') > 100, 'held by the image');
    assert.ok(count('catheter') > 2, 'another image might hold it');
    assert.ok(count(undefined) > 20, 'no image holds it');
    for (const { phrase, structure } of all) {
      if (structure)
        assert.ok(phrase === structure || VOCABULARY[structure].training.includes(phrase), phrase);
    }
  });

  test('is a click on the structure, or a box that cuts everything else off', () => {
    const side = 32;
    const seen = { boxes: 0, clicks: 0, words: 0, wordless: 0 };
    for (let i = 0; i < 300; i++) {
      const mask = new Float32Array(side * side);
      for (let x = 0; x < side; x++) mask[10 * side + x] = 1;
      const { points, withWord } = drawSpatialPrompt(mask, side, random);
      assert.equal(points.length, POINT_TOKENS);
      const [click, from, to] = points;
      assert.ok(click && from && to);
      if (!withWord) seen.wordless++;
      if (click.label === 1) {
        seen.clicks++;
        assert.equal(click.y, 10);
      } else if (from.label === 2) {
        seen.boxes++;
        mask.forEach((value, at) => {
          const [x, y] = [at % side, Math.floor(at / side)];
          if (value === 1) assert.ok(x >= from.x && x <= to.x && y >= from.y && y <= to.y);
        });
        assert.ok(mask.includes(1), 'a box holds some of the structure');
      } else {
        seen.words++;
        assert.ok(withWord);
      }
    }
    for (const [how, times] of Object.entries(seen)) assert.ok(times > 20, how);
    const nothing = drawSpatialPrompt(new Float32Array(side * side), side, random);
    assert.ok(nothing.withWord, 'what is not there cannot be pointed at');
  });
});

describe('the batches of a pretraining run', () => {
  test('follow from the settings and the step alone', async () => {
    const settings = pretrainingSettingsSchema.parse({ ...SMALL, steps: 40, samAlone: 0 });
    const inOrder = new DrawnBatches(settings, 2, FREQUENCIES, ENCODER);
    for (let step = 1; step < 9; step++) await inOrder.at(step);
    const [a, b] = [await inOrder.at(9), await new DrawnBatches(settings, 2, FREQUENCIES, ENCODER).at(9)];
    assert.deepEqual(a, b);
    const image = a['image'];
    const target = a['target'];
    assert.deepEqual(image?.shape, [1, 3, 128, 128]);
    assert.deepEqual(target?.shape, [3, 2, 128, 128]);
    assert.deepEqual(a['text_embedding']?.shape, [3, 512]);
    assert.ok(target.data.every((value) => value === 0 || value === 1));
    assert.ok(!('point_types' in a));
  });

  test('hold masks as fine as SAM draws them while it is alone, in which thin vessels stay', async () => {
    const settings = pretrainingSettingsSchema.parse({ ...SMALL, steps: 10, samAlone: 0.5 });
    const batches = new DrawnBatches(settings, 2, FREQUENCIES, ENCODER);
    const [alone, joined] = [await batches.at(5), await batches.at(6)];
    assert.deepEqual(alone['target']?.shape, [3, 1, 32, 32]);
    assert.deepEqual(alone['valid']?.shape, [3, 1, 32, 32]);
    assert.deepEqual(joined['target']?.shape, [3, 2, 128, 128]);

    const line = new Float32Array(16 * 16);
    for (let y = 0; y < 16; y++) line.fill(1, y * 16 + 6, y * 16 + 8);
    line[0] = 1;
    const coarse = coarseMask(line, 16);
    assert.deepEqual(
      [...coarse],
      Array.from({ length: 16 }, (_, i) => (i % 4 === 1 ? 1 : 0)),
    );
  });

  test('hold clicks and boxes in the middle of the run only', async () => {
    const settings = pretrainingSettingsSchema.parse({
      ...SMALL,
      steps: 10,
      firstLesson: 0.1,
      spatial: { from: 0.5, to: 0.7 },
    });
    const spatial = Array.from({ length: 10 }, (_, i) => isSpatial(settings, i + 1));
    assert.deepEqual(spatial, [false, false, false, false, false, true, true, false, false, false]);
    assert.deepEqual(
      Array.from({ length: 10 }, (_, i) => isFirstLesson(settings, i + 1)).filter(Boolean).length,
      1,
    );
    const batch = await new DrawnBatches(settings, 1, FREQUENCIES, ENCODER).at(6);
    assert.deepEqual(batch['point_types']?.shape, [3, POINT_TOKENS, 5]);
    assert.deepEqual(batch['point_encoding']?.shape, [3, POINT_TOKENS, 128]);
  });
});

test('small structures weigh as much as each part of the run says', () => {
  const settings = pretrainingSettingsSchema.parse({
    ...SMALL,
    steps: 7,
    rarity: { shares: [0.5, 0.2, 0], floor: 0.01 },
  });
  const shares = Array.from({ length: 7 }, (_, i) => rarityShare(settings, i + 1));
  assert.deepEqual(shares, [0.5, 0.5, 0.5, 0.2, 0.2, 0, 0]);
});

describe('a pretraining run', () => {
  let executor: Executor;
  before(async () => {
    ({ executor } = await openNodeDevice('cpu', { threads: 1 }));
  });
  after(() => executor.dispose());

  function memoryStore(): CheckpointStore {
    let kept: Uint8Array | undefined;
    return {
      load: (isIntact) => Promise.resolve(kept && isIntact(kept) ? kept : undefined),
      save(bytes) {
        kept = bytes.slice();
        return Promise.resolve();
      },
    };
  }

  test('knows words by their meaning before it sees an image, in forms that it was never taught as well', async () => {
    const encoder = await builtInTextEncoder(await teachWords(executor, 1));
    const plain = new Map<string, Float32Array>();
    for (const structure of STRUCTURES) plain.set(structure, await encoder.embed(structure));
    const closest = async (phrase: string): Promise<string> => {
      const embedding = await encoder.embed(phrase);
      const cosine = (other: Float32Array): number =>
        other.reduce((sum, value, i) => sum + value * (embedding[i] ?? 0), 0);
      const [best] = [...plain].sort(([, a], [, b]) => cosine(b) - cosine(a));
      return best && cosine(best[1]) > 0.5 ? best[0] : 'nothing';
    };
    let [right, all] = [0, 0];
    for (const structure of STRUCTURES) {
      for (const phrase of VOCABULARY[structure].heldOut) {
        all++;
        if ((await closest(phrase)) === structure) right++;
      }
    }
    assert.ok(right / all >= 0.97, `${right} of ${all}`);
    for (const stranger of ['livers', 'spaceship']) assert.equal(await closest(stranger), 'nothing');
  });

  test('that goes on from another keeps the words that its masks answer to', async () => {
    const settings = pretrainingSettingsSchema.parse({ ...SMALL, steps: 1 });
    const host = {
      executor,
      store: memoryStore(),
      resume: false,
      onEvent: () => undefined,
      shouldStop: () => true,
    };
    const first = await pretrain(settings, host);
    const next = await pretrain({ ...settings, seed: 2 }, { ...host, start: first.weights });
    const words = [...first.weights].filter(([name]) => /^text_(encoder|affine)\./.test(name));
    assert.ok(words.length > 4, `${words.length} tensors`);
    for (const [name, { data }] of words) assert.deepEqual(next.weights.get(name)?.data, data, name);
  });

  test('that is stopped and resumed gives the weights of one that was not, to the bit', async () => {
    // Five steps: two of SAM alone, two with clicks and boxes, one with neither. The run changes graphs twice.
    const settings = pretrainingSettingsSchema.parse({
      ...SMALL,
      promptsPerImage: 2,
      steps: 5,
      samAlone: 0.4,
      spatial: { from: 0.4, to: 0.8 },
    });
    const events: PretrainingEvent[] = [];
    const whole = await pretrain(settings, {
      executor,
      store: memoryStore(),
      resume: false,
      onEvent: (event) => events.push(event),
      shouldStop: () => false,
    });
    assert.ok(whole.finished);
    assert.equal(events.filter(({ kind }) => kind === 'step').length, 5);

    const store = memoryStore();
    const host = { executor, store, resume: true, onEvent: () => undefined, shouldStop: () => false };
    // Between two lessons, and in the middle of one.
    for (const last of [2, 3]) {
      let step = 0;
      const part = await pretrain(settings, {
        ...host,
        resume: last > 2,
        onEvent: (event) => (step = event.kind === 'step' ? event.step : step),
        shouldStop: () => step >= last,
      });
      assert.equal(part.steps, last);
      assert.ok(!part.finished);
    }
    const rest = await pretrain(settings, host);
    assert.deepEqual([...rest.weights.keys()].sort(), [...whole.weights.keys()].sort());
    for (const [name, { data }] of whole.weights) assert.deepEqual(rest.weights.get(name)?.data, data, name);

    await assert.rejects(
      pretrain({ ...settings, seed: 2 }, host),
      (error: unknown) => error instanceof SaltError && error.code === 'RESUME_MISMATCH',
    );
  });
});
