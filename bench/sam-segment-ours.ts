/** Segments one 512 px frame with SAM ViT-B in Node: the first prompt, then a second on the same frame. */
import { generateXray } from '../src/generator/xray/xray.ts';
import { createSegmenter } from '../src/inference/segmenter.ts';
import { floatTensor } from '../src/graph/tensor.ts';
import { randomSamWeights, randomTextAffine } from '../src/model/checkpoint/random-weights.ts';
import { prepareSamWeights, samModel } from '../src/model/sam/index.ts';
import { SAM_VIT_B } from '../src/model/sam-config.ts';
import { openNodeDevice } from '../src/runtime/node.ts';

const SIDE = 512;
const { executor } = await openNodeDevice('cpu', { threads: 2 });
const config = { ...SAM_VIT_B, imageSize: SIDE };
const weights = new Map([...randomSamWeights(config, 1), ...randomTextAffine(config, 2)]);
const sized = prepareSamWeights(weights, config, SIDE);
const segmenter = createSegmenter({
  executor,
  input: { framing: 'square', side: SIDE },
  model: () => samModel(config, { batchSize: 1, imageSize: SIDE, prompts: { text: true } }),
  weights: () => sized,
});
const words = [1, 2].map((k) => ({
  prompt: {
    text_embedding: floatTensor(
      [1, 512],
      Float32Array.from({ length: 512 }, (_, i) => Math.sin(k * i)),
    ),
  },
}));
const milliseconds: number[] = [];
const secondMilliseconds: number[] = [];
for (let seed = 0; seed <= 4; seed++) {
  const { frame } = generateXray(seed, SIDE, 'angiogram');
  for (const [k, word] of words.entries()) {
    const start = performance.now();
    await segmenter.probabilities(frame, word);
    (k === 0 ? milliseconds : secondMilliseconds).push(performance.now() - start);
  }
}
console.log(
  JSON.stringify({
    milliseconds: milliseconds.slice(1),
    secondMilliseconds: secondMilliseconds.slice(1),
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  }),
);
