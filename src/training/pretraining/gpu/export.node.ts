/**
 * Writes what PyTorch needs to pretrain salt-tiny on a GPU: the forward pass as ONNX, which is this project's own graph;
 * the weights to start from; and which of them are trained. See README.md.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildStage, createAdapter, parseMethod } from '../../../adapters/index.ts';
import { encodeModel, Graph } from '../../../graph/index.ts';
import type { Value } from '../../../graph/graph.ts';
import type { Shape } from '../../../graph/tensor.ts';
import { readTensors } from '../../../model/checkpoint/read-tensors.node.ts';
import { encodeSafetensors } from '../../../model/checkpoint/safetensors-writer.ts';
import { detailModel } from '../../../model/detail/index.ts';
import { prepareSamWeights } from '../../../model/sam/index.ts';
import { SALT_TINY, SALT_TINY_DETAIL } from '../../../model/salt-tiny.ts';
import { allStages } from '../../../model/segmentation-model.ts';
import { POINT_TOKENS } from '../spatial-prompts.ts';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string' },
    from: { type: 'string', default: 'models/salt-tiny/salt-tiny.safetensors' },
    images: { type: 'string', default: '8' },
    prompts: { type: 'string', default: '6' },
    side: { type: 'string', default: '512' },
  },
});
if (options.out === undefined) throw new RangeError('--out names the folder to write to.');
const [batchSize, promptsPerImage, imageSize] = [options.images, options.prompts, options.side].map(
  Number,
) as [number, number, number];

interface Exported {
  readonly onnx: Uint8Array;
  readonly trained: readonly string[];
}

/** Logits [B P, 2, S, S]: with the head's correction, and SAM's own. */
function forward(spatial: boolean): Exported {
  const model = detailModel(SALT_TINY, SALT_TINY_DETAIL, {
    batchSize,
    imageSize,
    promptsPerImage,
    prompts: { text: true, ...(spatial && { points: POINT_TOKENS }) },
    outputs: 'both',
  });
  const adapter = createAdapter(parseMethod({ method: 'full' }), allStages(model));
  const graph = new Graph();
  const inputs = new Map<string, Value>();
  const input = (name: string, shape: Shape): Value => {
    const value = inputs.get(name) ?? graph.input(name, shape);
    inputs.set(name, value);
    return value;
  };
  const trained = new Set<string>();
  let activation: Value | undefined;
  for (const stage of allStages(model)) {
    const batch = Object.fromEntries(stage.batchInputs.map(({ name, shape }) => [name, input(name, shape)]));
    const resolve = ({ name, shape }: { name: string; shape: Shape }): Value => {
      if (adapter.isTrainable(stage.prefix + name)) trained.add(stage.prefix + name);
      return input(stage.prefix + name, shape);
    };
    activation = buildStage(stage, graph, resolve, adapter, { activation, batch }).output;
  }
  if (!activation) throw new RangeError('A model has at least one stage.');
  graph.output('logits', activation);
  return { onnx: encodeModel(graph), trained: [...trained] };
}

const weights = await readTensors(options.from);
const [words, places] = [forward(false), forward(true)];
await mkdir(options.out, { recursive: true });
const write = (name: string, bytes: Uint8Array | string): Promise<void> =>
  writeFile(join(options.out ?? '', name), bytes);
await write('words.onnx', words.onnx);
await write('places.onnx', places.onnx);
await write('start.safetensors', encodeSafetensors(prepareSamWeights(weights, SALT_TINY, imageSize)));
await write(
  'manifest.json',
  JSON.stringify({
    images: batchSize,
    prompts: promptsPerImage,
    side: imageSize,
    // What clicks and boxes alone train is in the second.
    trained: [...new Set([...words.trained, ...places.trained])],
    kept: [...weights.keys()],
  }),
);
