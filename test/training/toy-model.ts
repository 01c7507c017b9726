import { ops } from '../../src/graph/index.ts';
import { floatTensor, sizeOf } from '../../src/graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../../src/graph/tensor.ts';
import type { StageAdapter } from '../../src/adapters/stage-tensors.ts';
import type { SegmentationModel, Stage } from '../../src/model/segmentation-model.ts';
import { createRandom } from '../../src/protocol/random.ts';

const CHANNELS = 4;

/** A chain of four stages, the two in the middle alike, small enough for finite differences. */
export function toyModel(batchSize = 2, imageSize = 8): SegmentationModel {
  const image: TensorSpec = { name: 'image', shape: [batchSize, 3, imageSize, imageSize] };
  const hidden = [batchSize, CHANNELS, imageSize / 2, imageSize / 2];
  const block = (n: number): Stage => ({
    name: `blocks.${n}`,
    prefix: `encoder.blocks.${n}.`,
    batchInputs: [],
    activation: hidden,
    build: (scope, x) =>
      x ? ops.add(x, ops.relu(scope.conv('conv', x, CHANNELS, 3, { padding: 1 }))) : missing(),
  });
  return {
    imageStages: [
      {
        name: 'embed',
        prefix: 'encoder.',
        batchInputs: [image],
        activation: undefined,
        build: (scope, _, { image: pixels }) =>
          pixels ? scope.conv('embed', pixels, CHANNELS, 2, { stride: 2 }) : missing(),
      },
      block(0),
      block(1),
    ],
    promptStage: {
      name: 'head',
      prefix: '',
      batchInputs: [],
      activation: hidden,
      build: (scope, x) => (x ? scope.conv('head', x, 1, 1) : missing()),
    },
    batchSize,
    imageSize,
    logitsShape: [batchSize, 1, imageSize / 2, imageSize / 2],
  };
}

function missing(): never {
  throw new Error('the toy model was built without its input');
}

/** Trains everything whose name matches, with plain layers. */
export function training(pattern: RegExp): StageAdapter {
  return { adaptationFor: () => () => undefined, isTrainable: (name) => pattern.test(name) };
}

export function randomTensors(specs: readonly TensorSpec[], seed: number): Map<string, FloatTensor> {
  const random = createRandom(seed);
  return new Map(
    specs.map(({ name, shape }) => [
      name,
      floatTensor(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, () => 0.3 * random.normal()),
      ),
    ]),
  );
}
