import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Executor, Program } from '../../src/graph/executor.ts';
import { ops } from '../../src/graph/index.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { normaliseInside } from '../../src/imaging/geometry.ts';
import type { Raster } from '../../src/imaging/geometry.ts';
import { mirrored } from '../../src/inference/mirror.ts';
import { createSegmenter } from '../../src/inference/segmenter.ts';
import type { Segmenter, SegmenterOptions } from '../../src/inference/segmenter.ts';
import { compileStages } from '../../src/inference/stage-programs.ts';
import { allStages } from '../../src/model/segmentation-model.ts';
import type { SegmentationModel } from '../../src/model/segmentation-model.ts';
import { initialUnetWeights, unetModel } from '../../src/model/unet.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';

let executor: Executor;
before(async () => {
  ({ executor } = await openNodeDevice('cpu', { threads: 1 }));
});
after(() => executor.dispose());

/** Logits = gain x the first plane of the image + what the prompt says. */
function copyModel(width: number, height: number): SegmentationModel {
  return {
    imageStages: [
      {
        name: 'copy',
        prefix: 'image.',
        batchInputs: [{ name: 'image', shape: [1, 3, height, width] }],
        activation: undefined,
        build: (scope, _, { image }) =>
          image ? scope.conv('copy', image, 1, 1, { bias: false }) : missing(),
      },
    ],
    promptStage: {
      name: 'ask',
      prefix: 'ask.',
      batchInputs: [{ name: 'text_embedding', shape: [1, 1] }],
      activation: [1, 1, height, width],
      build: (scope, x, { text_embedding }) =>
        x && text_embedding
          ? ops.add(ops.mul(x, scope.tensor('gain', [1])), ops.reshape(text_embedding, [1, 1, 1, 1]))
          : missing(),
    },
    batchSize: 1,
    imageSize: Math.max(width, height),
    logitsShape: [1, 1, height, width],
  };
}

function missing(): never {
  throw new Error('the model was built without its input');
}

const COPY_WEIGHTS = new Map<string, FloatTensor>([
  ['image.copy.weight', floatTensor([1, 3, 1, 1], Float32Array.of(1, 0, 0))],
  ['ask.gain', floatTensor([1], Float32Array.of(2))],
]);

const ask = (value: number) => ({ prompt: { text_embedding: floatTensor([1, 1], Float32Array.of(value)) } });

function copySegmenter(changes: Partial<SegmenterOptions> = {}): Segmenter {
  return createSegmenter({
    executor,
    input: { framing: 'native', multiple: 4 },
    model: ({ width, height }) => copyModel(width, height),
    weights: () => COPY_WEIGHTS,
    ...changes,
  });
}

function noise(width: number, height: number, channels: 1 | 3, seed = 1): Raster {
  const random = createRandom(seed);
  const pixels = Float32Array.from({ length: width * height * channels }, () => 255 * random.uniform());
  return { width, height, channels, pixels };
}

/** Counts how often programs that read an image run. */
function counting(): { executor: Executor; imageRuns: () => number } {
  let runs = 0;
  return {
    imageRuns: () => runs,
    executor: {
      device: executor.device,
      compile: async (model, options): Promise<Program> => {
        const program = await executor.compile(model, options);
        return {
          run: (feeds) => {
            if ('image' in feeds) runs++;
            return program.run(feeds);
          },
          dispose: () => program.dispose(),
        };
      },
      upload: (tensor) => executor.upload(tensor),
      download: (tensor) => executor.download(tensor),
      dispose: () => Promise.resolve(),
    },
  };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function assertNear(actual: Float32Array, expected: Float32Array, tolerance: number, what = ''): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    assert.ok(
      Math.abs(value - (expected[i] ?? NaN)) <= tolerance,
      `${what}[${i}]: ${value}, not ${expected[i]}`,
    );
  });
}

describe('createSegmenter', () => {
  it('returns every pixel of a frame of any size to its place', async () => {
    const segmenter = copySegmenter();
    const size = fc.integer({ min: 1, max: 30 });
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        fc.constantFrom(1 as const, 3 as const),
        async (width, height, channels) => {
          const frame = noise(width, height, channels);
          const [map] = await segmenter.probabilities(frame, ask(0.5));
          const plane = normaliseInside(frame, 3).slice(0, width * height);
          assert.deepEqual([map?.width, map?.height], [width, height]);
          assertNear(
            map?.data ?? new Float32Array(),
            plane.map((x) => sigmoid(2 * x + 0.5)),
            1e-5,
          );
        },
      ),
      { numRuns: 25 },
    );
    await segmenter.dispose();
  });

  it('brings a square grid back to the size of a frame that is not square', async () => {
    const side = 32;
    const segmenter = copySegmenter({ input: { framing: 'square', side } });
    // Red is bright in the left half of a wide frame.
    const pixels = Float32Array.from({ length: 60 * 20 }, (_, i) => (i % 60 < 30 ? 255 : 0));
    const [map] = await segmenter.probabilities({ width: 60, height: 20, channels: 1, pixels }, ask(0));
    assert.equal(map?.data.length, 1200);
    for (let i = 0; i < 1200; i++) {
      const x = i % 60;
      if (x < 27) assert.ok((map.data[i] ?? 0) > 0.5, `column ${x}`);
      if (x > 32) assert.ok((map.data[i] ?? 1) < 0.5, `column ${x}`);
    }
    await segmenter.dispose();
  });

  it('enlarges frames up to its side, and reduces larger ones further where it is told to', async () => {
    const seen: string[] = [];
    const segmenter = copySegmenter({
      input: { framing: 'square', side: 40, reducedTo: 32 },
      model: ({ width, height }) => {
        seen.push(`${width} x ${height}`);
        return copyModel(width, height);
      },
    });
    for (const [width, height] of [
      [20, 30],
      [37, 33],
      [35, 40],
      [41, 30],
    ] as const) {
      const frame = noise(width, height, 1);
      const [map] = await segmenter.probabilities(frame, ask(0));
      assert.equal(map?.data.length, width * height);
      if (width !== 35) continue;
      // Not resized: red comes back as it is.
      const [mean, deviation] = [123.675, 58.395];
      const expected = frame.pixels.map((value) => sigmoid((2 * (value - mean)) / deviation));
      assertNear(map.data, expected, 1e-4);
    }
    assert.deepEqual(seen, ['40 x 40', '32 x 32']);
    await segmenter.dispose();
  });

  it('runs the image program once for a frame, however often it is asked about', async () => {
    const { executor: counted, imageRuns } = counting();
    const segmenter = copySegmenter({ executor: counted });
    const frame = noise(9, 7, 3);
    const [first] = await segmenter.probabilities(frame, ask(0));
    const [second] = await segmenter.probabilities(frame, ask(1));
    assert.notDeepEqual(first, second);
    assert.equal(imageRuns(), 1);
    await segmenter.probabilities({ ...frame, pixels: frame.pixels.slice() }, ask(0));
    assert.equal(imageRuns(), 1, 'a copy of a frame is the same frame');
    const changed = frame.pixels.slice();
    changed[100] = (changed[100] ?? 0) + 1;
    await segmenter.probabilities({ ...frame, pixels: changed }, ask(0));
    assert.equal(imageRuns(), 2, 'one pixel makes another frame');
    const half = { width: 9, height: 7, data: new Uint8Array(63).fill(1, 30) };
    await segmenter.probabilities(frame, { ...ask(0), fieldOfView: half });
    assert.equal(imageRuns(), 3, 'the field of view changes the normalisation');
    await segmenter.dispose();
  });

  it('has nothing left to do for an image that it has embedded ahead but to answer', async () => {
    const { executor: counted, imageRuns } = counting();
    const segmenter = copySegmenter({ executor: counted });
    const frame = noise(8, 8, 1, 1);
    await segmenter.embed(frame, { flips: 2 });
    assert.equal(imageRuns(), 2);
    const [ahead] = await segmenter.probabilities(frame, { ...ask(0), flips: 2 });
    assert.equal(imageRuns(), 2);
    await segmenter.dispose();

    const fresh = copySegmenter({});
    const [map] = await fresh.probabilities(frame, { ...ask(0), flips: 2 });
    assert.deepEqual(ahead, map);
    await fresh.dispose();
  });

  it('lets the least recently used embedding go when the cache is full', async () => {
    const { executor: counted, imageRuns } = counting();
    // An embedding of 8 x 8 floats takes 256 bytes: two fit.
    const segmenter = copySegmenter({ executor: counted, cacheBytes: 600 });
    const [a, b, c] = [noise(8, 8, 1, 1), noise(8, 8, 1, 2), noise(8, 8, 1, 3)];
    for (const frame of [a, b, a, c, a]) await segmenter.probabilities(frame, ask(0));
    assert.equal(imageRuns(), 3);
    await segmenter.probabilities(b, ask(0));
    assert.equal(imageRuns(), 4);
    await segmenter.dispose();
  });

  it('recompiles for sizes that it has let go, with the same result', async () => {
    const segmenter = copySegmenter({ cacheBytes: 0 });
    const frames = [4, 8, 12, 16, 20].map((side) => noise(side, side, 1, side));
    const first = [];
    for (const frame of frames) first.push(await segmenter.probabilities(frame, ask(0)));
    const again = [];
    for (const frame of frames) again.push(await segmenter.probabilities(frame, ask(0)));
    assert.deepEqual(again, first);
    await segmenter.dispose();
  });

  it('sees a frame tile by tile, each once however often it is asked', async () => {
    const frame = noise(20, 14, 3);
    const { executor: counted, imageRuns } = counting();
    const tiled = copySegmenter({
      executor: counted,
      input: { framing: 'square', side: 8, tiles: { share: 0.4, wholeSide: 20 } },
    });
    const whole = copySegmenter({ input: { framing: 'square', side: 20 } });
    for (const value of [0, 1]) {
      const [map] = await tiled.probabilities(frame, ask(value));
      const [expected] = await whole.probabilities(frame, ask(value));
      assert.ok(map && expected);
      assertNear(map.data, expected.data, 1e-5);
      assert.equal(imageRuns(), 6);
    }
    await tiled.embed(frame);
    assert.equal(imageRuns(), 6);
    for (const segmenter of [tiled, whole]) await segmenter.dispose();
  });

  it('sees the whole frame where a prompt points at a place', async () => {
    const sides: number[] = [];
    const segmenter = copySegmenter({
      input: { framing: 'square', side: 8, tiles: { share: 0.4, wholeSide: 20 } },
      model: ({ width, height }) => {
        sides.push(width);
        return copyModel(width, height);
      },
    });
    const prompt = { ...ask(0).prompt, point_encoding: floatTensor([1, 1, 1]) };
    const [map] = await segmenter.probabilities(noise(20, 14, 3), { prompt });
    assert.deepEqual([map?.width, map?.height, sides], [20, 14, [20]]);
    await segmenter.dispose();
  });

  it('gives the same whether weights are constants or inputs', async () => {
    const config = { poolings: 2, features: 4, fold: 1 as const, localContrast: false, outputs: 2 };
    const weights = initialUnetWeights(config, 1);
    const frame = noise(21, 14, 3);
    const maps = [];
    for (const placement of ['constants', 'inputs'] as const) {
      const segmenter = createSegmenter({
        executor,
        input: { framing: 'native', multiple: 4 },
        model: (size) => unetModel(config, { batchSize: 1, imageSize: size }),
        weights: () => weights,
        placement,
      });
      maps.push(await segmenter.probabilities(frame));
      await segmenter.dispose();
    }
    const [constants = [], inputs = []] = maps;
    assert.equal(constants.length, 2);
    constants.forEach(({ data }, output) => {
      assertNear(data, inputs[output]?.data ?? new Float32Array(), 1e-5, `output ${output}`);
    });
  });

  it('averages over mirrored copies, so that a mirrored frame gives the mirrored map', async () => {
    const config = { poolings: 1, features: 4, fold: 1 as const, localContrast: false, outputs: 1 };
    const weights = initialUnetWeights(config, 2);
    const segmenter = createSegmenter({
      executor,
      input: { framing: 'native', multiple: 2 },
      model: (size) => unetModel(config, { batchSize: 1, imageSize: size }),
      weights: () => weights,
    });
    const frame = noise(12, 10, 3);
    const both = { x: true, y: true };
    const turned = { ...frame, pixels: mirrored(frame.pixels, frame, both) };
    const [single] = await segmenter.probabilities(frame);
    const [map] = await segmenter.probabilities(frame, { flips: 4 });
    const [mapOfTurned] = await segmenter.probabilities(turned, { flips: 4 });
    assert.ok(single && map && mapOfTurned);
    assertNear(mirrored(mapOfTurned.data, map, both), map.data, 1e-5);
    assert.ok(map.data.some((value, i) => Math.abs(value - (single.data[i] ?? 0)) > 1e-3));
    await segmenter.dispose();
  });

  it('refuses to mirror a prompt that points at a place', async () => {
    const prompt = { ...ask(0).prompt, point_encoding: floatTensor([1, 1, 1]) };
    await assert.rejects(
      copySegmenter().probabilities(noise(4, 4, 1), { prompt, flips: 2 }),
      isError('INVALID_ARGUMENT'),
    );
  });

  it('lists every weight that is missing or misshapen', async () => {
    const weights = new Map([['ask.gain', floatTensor([2])]]);
    const segmenter = copySegmenter({ weights: () => weights });
    await assert.rejects(
      segmenter.probabilities(noise(4, 4, 1), ask(0)),
      isError('CHECKPOINT_MISMATCH', /image\.copy\.weight/),
    );
  });

  it('refuses pixels and answers that are not finite, rather than drawing nothing', async () => {
    const frame = noise(5, 4, 1);
    const spoilt = { ...frame, pixels: frame.pixels.map((value, i) => (i === 7 ? NaN : value)) };
    await assert.rejects(
      copySegmenter().probabilities(spoilt, ask(0)),
      isError('NOT_FINITE', /NaN at column 2, row 1/),
    );
    await assert.rejects(
      copySegmenter().probabilities(frame, ask(Infinity)),
      isError('NOT_FINITE', /The model/),
    );
  });

  it('names what a prompt lacks', async () => {
    await assert.rejects(
      copySegmenter().probabilities(noise(4, 4, 1)),
      isError('INVALID_ARGUMENT', /text_embedding/),
    );
  });

  it('stops between programs', async () => {
    let looks = 0;
    const { executor: counted, imageRuns } = counting();
    const segmenter = copySegmenter({ executor: counted });
    const shouldStop = () => ++looks > 1;
    await assert.rejects(
      segmenter.probabilities(noise(4, 4, 1), { ...ask(0), shouldStop }),
      isError('CANCELLED'),
    );
    assert.equal(imageRuns(), 1);
    await segmenter.dispose();
  });
});

describe('compileStages', () => {
  it('runs a model in several programs when it is too large for one', async () => {
    const model = copyModel(4, 4);
    const feeds = {
      image: await executor.upload(floatTensor([1, 3, 4, 4], noise(4, 4, 3).pixels)),
      text_embedding: await executor.upload(ask(1).prompt.text_embedding),
    };
    const results = [];
    for (const maxProgramBytes of [1, 1e9]) {
      const chain = await compileStages(executor, allStages(model), COPY_WEIGHTS, {
        toHost: true,
        maxProgramBytes,
      });
      results.push((await executor.download(await chain.run(undefined, feeds))).data);
      await chain.dispose();
    }
    assert.deepEqual(results[0], results[1]);
  });
});

function isError(code: string, message = /./) {
  return (error: unknown): boolean =>
    error instanceof SaltError && error.code === code && message.test(error.message);
}
