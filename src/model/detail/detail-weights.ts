import { floatTensor } from '../../graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../../graph/tensor.ts';
import { createRandom } from '../../protocol/random.ts';
import { initialConvWeights } from '../conv-block.ts';
import type { SamConfig } from '../sam-config.ts';
import { stageSpecs } from '../stage-specs.ts';
import { initialUnetWeights } from '../unet.ts';
import type { UnetConfig } from '../unet.ts';
import { detailMultiple } from './config.ts';
import type { DetailConfig, DetailHead } from './config.ts';
import { DETAIL_PREFIX, detailModel } from './detail-model.ts';

type Weights = ReadonlyMap<string, FloatTensor>;

/** Where the head meets SAM: what depends on the SAM that it is joined to. */
const JOINTS = /^detail\.(?:join|hyper)\./;
/** From the mask token to the weights of the finest features: starts small, so that first logits are near zero. */
const KERNEL = 'detail.hyper.layers.1.weight';
const QUIET = 0.1;
/** What makes the head silent when it is zero. */
const LAST_LAYER = /^detail\.(?:join|hyper\.layers\.1)\./;

/** Every tensor of the head, in the order of first use. */
export function expectedDetailTensors(config: SamConfig, detail: DetailConfig): TensorSpec[] {
  const imageSize = detailMultiple(detail, config);
  const model = detailModel(config, detail, { batchSize: 1, imageSize, prompts: { text: true } });
  return [...model.imageStages.slice(-1), model.promptStage]
    .flatMap(stageSpecs)
    .filter(({ name }) => name.startsWith(DETAIL_PREFIX));
}

/** A head to be trained from scratch; equal seeds give equal weights. */
export function randomDetailWeights(
  config: SamConfig,
  detail: DetailConfig,
  seed: number,
): Map<string, FloatTensor> {
  const weights = initialConvWeights(expectedDetailTensors(config, detail), createRandom(seed));
  return new Map(
    [...weights].map(([name, { shape, data }]) => [
      name,
      name === KERNEL
        ? floatTensor(
            shape,
            data.map((value) => QUIET * value),
          )
        : { dtype: 'float32', shape, data },
    ]),
  );
}

/**
 * A head for another SAM: it sees images as the one it comes from, and says nothing until it is trained: its last
 * layer and its joints are zero, so that the masks are SAM's.
 * @param from weights of a head of the same configuration, joined to any SAM
 */
export function silentDetailWeights(
  config: SamConfig,
  detail: DetailConfig,
  from: Weights,
  seed: number,
): Map<string, FloatTensor> {
  const fresh = randomDetailWeights(config, detail, seed);
  return new Map(
    [...fresh].map(([name, value]) => {
      if (LAST_LAYER.test(name)) return [name, floatTensor(value.shape)];
      const kept = JOINTS.test(name) ? undefined : from.get(name);
      return [name, kept ?? value];
    }),
  );
}

/**
 * A U-Net that sees as the head does, with a last layer of its own to be trained: what is left when SAM is taken away.
 * @param outputs masks, one for each word
 */
export function unetOfHead(
  { config, weights }: DetailHead,
  outputs: number,
  seed: number,
): { readonly config: UnetConfig; readonly weights: Map<string, FloatTensor> } {
  const unet = { ...config, outputs };
  const fresh = initialUnetWeights(unet, seed);
  const own = [...fresh].map(([name, value]) => [name, weights.get(DETAIL_PREFIX + name) ?? value] as const);
  return { config: unet, weights: new Map(own) };
}
