/** At what size and in which tiles frames are segmented: the run, its adapter file and its user must agree on that. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decodeAdapter, encodeAdapter } from '../../src/adapters/index.ts';
import type { AdapterFile, FactorMatrices } from '../../src/adapters/index.ts';
import { findModel } from '../../src/cli/models/model-source.ts';
import { loadModel } from '../../src/cli/models/load-model.ts';
import { textEncoderOf } from '../../src/cli/models/shipped.ts';
import type { Executor } from '../../src/graph/executor.ts';
import type { Frame } from '../../src/imaging/frame.ts';
import { createSegmenter } from '../../src/inference/segmenter.ts';
import { withoutDetail } from '../../src/inference/sam-base.ts';
import type { SamBase } from '../../src/inference/sam-base.ts';
import { encodersOf } from '../../src/inference/shipped-parts.ts';
import { adaptedSam, withoutHead } from '../../src/inference/trained-model.ts';
import type { TrainedModel } from '../../src/inference/trained-model.ts';
import { svd } from '../../src/linalg/svd.ts';
import { compareMasks } from '../../src/metrics/compare-masks.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { adapterOfRun } from '../../src/training/adapter-of-run.ts';
import { AUGMENTATIONS } from '../../src/training/augmentation.ts';
import type { AugmentationPreset } from '../../src/training/augmentation.ts';
import { fingerprintOf, requireSameRun } from '../../src/training/fingerprint.ts';
import type { Fingerprint } from '../../src/training/fingerprint.ts';
import { prepareSamRun } from '../../src/training/prepare-sam.ts';
import type { RunChoices } from '../../src/training/run-choices.ts';
import { train } from '../../src/training/trainer.ts';
import type { TrainingSample } from '../../src/training/training-sample.ts';
import { greyFrame, sampleOf } from '../training/toy-task.ts';

const SIDE = 64;
const ENLARGED = 80;
const LARGE = 96;
const WORD = 'vessel';
/** Each matrix once: all runs are of one model. */
const factors = new Map<string, ReturnType<typeof svd>>();
const factor: FactorMatrices = (tasks) =>
  Promise.resolve(
    tasks.map(({ matrix, rows, cols }) => {
      const key = [rows, cols, ...matrix.subarray(0, 16)].join();
      const known = factors.get(key) ?? svd(matrix, rows, cols);
      factors.set(key, known);
      return known;
    }),
  );

/** A dark, winding line on grey, which the model takes for a vessel. */
function darkLine(middle: number, side: number): TrainingSample {
  const inside = (i: number): boolean => {
    const y = Math.floor(i / side);
    return Math.abs((i % side) - middle - 6 * Math.sin(y / 9)) < 2.5;
  };
  const pixels = Float32Array.from({ length: side * side }, (_, i) => (inside(i) ? 80 : 160));
  const data = Uint8Array.from({ length: side * side }, (_, i) => Number(inside(i)));
  const mask = { width: side, height: side, data };
  return sampleOf(`line at ${middle}`, greyFrame(side, side, pixels), mask, WORD);
}

describe('salt-tiny, trained on small frames', () => {
  let executor: Executor;
  let base: SamBase;
  const small = [20, 30, 40].map((middle) => darkLine(middle, SIDE));
  const large = [30, 45, 60].map((middle) => darkLine(middle, LARGE));
  before(async () => {
    ({ executor } = await openNodeDevice('cpu', { threads: 1 }));
    const loaded = await loadModel(await findModel('salt-tiny'));
    assert.equal(loaded.kind, 'sam');
    base = loaded.base;
  });
  after(() => executor.dispose());

  async function trained(augmentation: AugmentationPreset, tileSize?: number | 'whole', from?: AdapterFile) {
    const samples = tileSize === undefined ? small : large;
    const run = await prepareSamRun({
      choices: {
        words: [WORD],
        budget: { steps: 2 },
        seed: 1,
        ...(!from && { imageSize: tileSize === undefined ? SIDE : LARGE }),
        augmentation,
        heldOutShare: 0.34,
        ...(tileSize !== undefined && { tileSize }),
      },
      base,
      encoder: await textEncoderOf(base),
      factor,
      maxBytes: Infinity,
      open: () => Promise.resolve(executor),
      samples,
      ...(from && { from }),
    });
    const result = await train({ subject: run.subject, settings: run.settings, samples }, { executor });
    const description = {
      ...run.description,
      trainingSamples: result.trainingSamples,
      heldOutSamples: result.heldOutSamples,
    };
    const stamp = { software: 'test', createdAt: new Date(0), stepsPerEpoch: 1 };
    const file = decodeAdapter(encodeAdapter(await adapterOfRun(description, result, stamp)));
    const heldOut = samples.find(({ id }) => id === result.heldOutSamples[0]);
    assert.ok(heldOut);
    return { file, heldOut };
  }

  async function model(file: AdapterFile, sam: SamBase = base): Promise<TrainedModel> {
    return adaptedSam(file, sam, encodersOf(await textEncoderOf(sam)), factor, executor);
  }

  /** Dice of a frame, as who opens the adapter segments it. */
  async function dice(file: AdapterFile, sample: TrainingSample): Promise<number> {
    const adapted = await model(file);
    const { prompt } = await adapted.ask(WORD);
    const segmenter = createSegmenter({
      executor,
      input: adapted.input,
      weights: (size) => adapted.weightsAt(size),
      model: (size) => adapted.modelAt(size),
    });
    try {
      const [mask] = await segmenter.segment(await sample.loadFrame(), { prompt });
      const truth = await sample.masks.get(WORD)?.();
      assert.ok(mask && truth);
      const score = compareMasks(mask, truth).dice;
      assert.ok(score > 0.5, `Dice ${score}: a mask that says nothing`);
      return score;
    } finally {
      await segmenter.dispose();
    }
  }

  it('with vessels of all sizes: enlarged, and judged as it will be used', async () => {
    const { file, heldOut } = await trained('vessels');
    assert.deepEqual([file.info.imageSize, file.info.segmentedAt], [SIDE, ENLARGED]);
    assert.deepEqual((await model(file)).input, { framing: 'square', side: ENLARGED });
    assert.equal(await dice(file, heldOut), file.info.metrics?.dice);
  });

  it('without: at the size that it knows', async () => {
    const { file, heldOut } = await trained('none');
    assert.deepEqual([file.info.imageSize, file.info.segmentedAt], [SIDE, undefined]);
    assert.deepEqual((await model(file)).input, { framing: 'square', side: SIDE });
    assert.equal(await dice(file, heldOut), file.info.metrics?.dice);
  });

  it('in tiles, at the size of the training or enlarged as whole frames are', async () => {
    for (const [augmentation, side, wholeSide] of [
      ['none', SIDE, LARGE],
      ['vessels', ENLARGED, 128],
    ] as const) {
      const { file, heldOut } = await trained(augmentation, SIDE);
      const { imageSize, segmentedAt = imageSize, frameSize } = file.info;
      assert.deepEqual([imageSize, segmentedAt, frameSize], [SIDE, side, LARGE]);
      assert.deepEqual((await model(file)).input, {
        framing: 'square',
        side,
        tiles: { share: SIDE / LARGE, wholeSide },
      });
      assert.equal(await dice(file, heldOut), file.info.metrics?.dice);
    }
  });

  it('as before, when training goes on', async () => {
    const { file } = await trained('none', SIDE);
    const onward = await trained('none', undefined, file);
    assert.deepEqual([onward.file.info.imageSize, onward.file.info.frameSize], [SIDE, LARGE]);
    await assert.rejects(
      trained('none', 'whole', file),
      /its images have 64 px a side; its images show frames of 96 px/,
    );
  });

  describe('as the frames and the run ask for', () => {
    const SPARSE = 9;
    const DENSE = 90_000;
    const { vessels, words: ofWords, none } = AUGMENTATIONS;
    const short = { budget: { steps: 999 } } as const;
    const long = { budget: { steps: 1000 } } as const;

    /** Side of the training, of the frame whose tiles it sees, and when segmenting; and what is changed at random. */
    async function shown(words: string[], isColour: boolean, painted: number, choices: Partial<RunChoices>) {
      const { width, height, ...grey } = await darkLine(300, 600).loadFrame();
      const pixels = Float32Array.from({ length: width * height * 3 }, (_, i) =>
        isColour ? 50 * (i % 3) : 7,
      );
      const frame: Frame = { ...grey, width, height, channels: 3, pixels };
      const mask = { width, height, data: new Uint8Array(width * height).fill(1, 0, painted) };
      const masks = new Map(words.map((word) => [word, () => Promise.resolve(mask)]));
      const { subject, settings, description } = await prepareSamRun({
        choices: { words, seed: 1, ...short, ...choices },
        base,
        encoder: await textEncoderOf(base),
        factor,
        maxBytes: Infinity,
        open: () => Promise.resolve(executor),
        samples: [{ id: 'photograph', loadFrame: () => Promise.resolve(frame), masks }],
      });
      const { imageSize } = subject.model;
      const at = description.segmentedAt ?? imageSize;
      return [imageSize, subject.frameSize, at, settings.augmentation];
    }

    it('tiles, where arteries and veins are told apart by their colour', async () => {
      const both = ['artery', 'vein'];
      assert.deepEqual(await shown(both, true, SPARSE, short), [320, 608, 320, vessels]);
      assert.deepEqual(await shown(both, true, SPARSE, long), [320, 608, 320, vessels]);
      assert.deepEqual(await shown(both, false, DENSE, long), [608, undefined, 608, ofWords]);
      const chosen = { tileSize: 'whole', augmentation: 'none' } as const;
      assert.deepEqual(await shown(both, true, SPARSE, chosen), [608, undefined, 608, none]);
    });

    it('tiles, as they are, where one word is a texture that is learnt for long', async () => {
      const tiles = [320, 608, 320, vessels];
      const whole = [608, undefined, 608, vessels];
      for (const isColour of [false, true]) {
        assert.deepEqual(await shown(['vessel'], isColour, DENSE, long), tiles);
        assert.deepEqual(await shown(['vessel'], isColour, DENSE, short), whole);
      }
      assert.deepEqual(await shown(['vessel'], false, DENSE, { budget: { minutes: 5 } }), tiles);
      assert.deepEqual(await shown(['vessel'], false, DENSE, { budget: { epochs: 1000 } }), tiles);
      assert.deepEqual(await shown(['vessel'], false, DENSE, { budget: { minutes: 4 } }), whole);
      assert.deepEqual(await shown(['vessel'], false, DENSE, { budget: { epochs: 999 } }), whole);
      assert.deepEqual(await shown(['vessel'], false, DENSE, { ...long, tileSize: 'whole' }), whole);
    });

    it('whole and enlarged otherwise, or in enlarged tiles of the side that was chosen', async () => {
      const whole = [608, undefined, 768, vessels];
      assert.deepEqual(await shown(['vessel'], true, SPARSE, long), whole);
      assert.deepEqual(await shown(['vessel'], false, SPARSE, long), whole);
      const chosen = { tileSize: 250 };
      assert.deepEqual(await shown(['vessel'], false, SPARSE, chosen), [256, 608, 320, vessels]);
      const larger = { ...chosen, imageSize: 704 };
      assert.deepEqual(await shown(['vessel'], false, SPARSE, larger), [256, 704, 256, vessels]);
    });
  });

  it('in the batches that a run began with, however much memory is free when it goes on', async () => {
    const { detail: _, ...plain } = base;
    const batches = async (maxBytes: number, choices: Partial<RunChoices>, begun?: Fingerprint) => {
      const { subject, settings } = await prepareSamRun({
        choices: { words: [WORD], budget: { steps: 2 }, seed: 1, imageSize: SIDE, ...choices },
        base: plain,
        encoder: await textEncoderOf(plain),
        factor,
        maxBytes,
        open: () => Promise.resolve(executor),
        samples: small,
        begun,
      });
      return fingerprintOf({ subject, settings, samples: small }, { train: small, heldOut: [] });
    };
    const [much, little] = [await batches(Infinity, {}), await batches(1, {})];
    assert.deepEqual([much['batchSize'], much['accumulate']], ['5', '1']);
    assert.deepEqual([little['batchSize'], little['accumulate']], ['1', '5']);
    requireSameRun(little, await batches(Infinity, {}, little));
    requireSameRun(much, await batches(1, {}, much));
    const chosen = await batches(1, { batchSize: 2 }, much);
    assert.throws(() => requireSameRun(much, chosen), /batchSize \(was 5, is 2\)/u);
  });

  it('whole, where a tile would be no smaller', async () => {
    const { file } = await trained('none', LARGE);
    assert.deepEqual([file.info.imageSize, file.info.frameSize], [LARGE, undefined]);
  });

  it('without its head: the side of the training', async () => {
    const file = withoutHead((await trained('vessels')).file);
    assert.deepEqual((await model(file, withoutDetail(base))).input, { framing: 'square', side: SIDE });
  });
});
