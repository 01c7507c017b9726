import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeModel, Graph } from '../../../src/graph/index.ts';
import { floatTensor } from '../../../src/graph/tensor.ts';
import { Scope } from '../../../src/model/scope.ts';
import {
  builtInText,
  builtInTextEncoder,
  BUILT_IN_TEXT_TENSORS,
  initialBuiltInText,
  TEXT_DIMENSION,
} from '../../../src/model/text/built-in-text.ts';
import { BUCKETS, subWordFeatures } from '../../../src/model/text/sub-words.ts';
import { openNodeDevice } from '../../../src/runtime/node.ts';
import { createRandom } from '../../../src/protocol/random.ts';

const PHRASES = ['Vein', 'veins', 'blood vessel', 'Gefäß', '🫀', 'a very long phrase '.repeat(30)];

/** As after training: no tensor is zero. */
function weights() {
  const random = createRandom(5);
  const start = initialBuiltInText(3);
  start.get('embedding.bias')?.data.forEach((_, i, data) => (data[i] = 0.1 * random.normal()));
  return start;
}

describe('the text encoder that is trained with a model', () => {
  test('computes the same on the host as in a graph', async () => {
    const graph = new Graph();
    const scope = new Scope(graph, ({ name, shape }) => graph.input(name, shape));
    const features = graph.input('features', [PHRASES.length, BUCKETS]);
    graph.output('embeddings', builtInText(scope, features));
    assert.deepEqual(
      Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, shape])),
      Object.fromEntries([features, ...BUILT_IN_TEXT_TENSORS].map(({ name, shape }) => [name, shape])),
    );

    const { executor } = await openNodeDevice('cpu');
    const program = await executor.compile(encodeModel(graph));
    const tensors = weights();
    const bags = floatTensor(
      [PHRASES.length, BUCKETS],
      Float32Array.from(PHRASES.flatMap((phrase) => [...subWordFeatures(phrase)])),
    );
    const feeds = await Promise.all(
      [...tensors, ['features', bags] as const].map(
        async ([name, tensor]) => [name, await executor.upload(tensor)] as const,
      ),
    );
    const { embeddings } = await program.run(Object.fromEntries(feeds));
    assert.ok(embeddings);
    const { data, shape } = await executor.download(embeddings);
    await executor.dispose();

    assert.deepEqual(shape, [PHRASES.length, TEXT_DIMENSION]);
    const encoder = await builtInTextEncoder(tensors);
    assert.equal(encoder.dimension, TEXT_DIMENSION);
    for (const [row, phrase] of PHRASES.entries()) {
      const embedding = await encoder.embed(phrase);
      assert.ok(Math.abs(Math.hypot(...embedding) - 1) < 1e-5);
      const worst = Math.max(
        ...embedding.map((value, i) => Math.abs(value - (data[row * TEXT_DIMENSION + i] ?? NaN))),
      );
      assert.ok(worst < 1e-6, `${phrase}: ${worst}`);
    }
  });

  test('has an id that follows its weights', async () => {
    const { id } = await builtInTextEncoder(weights());
    assert.match(id, /^built-in-1\/[0-9a-f]{16}$/);
    assert.equal((await builtInTextEncoder(weights())).id, id);
    const other = weights();
    const bias = other.get('embedding.bias');
    assert.ok(bias);
    bias.data[0] = 1;
    assert.notEqual((await builtInTextEncoder(other)).id, id);
  });

  test('starts in the same place from the same seed', () => {
    assert.deepEqual(initialBuiltInText(7), initialBuiltInText(7));
    assert.notDeepEqual(initialBuiltInText(7), initialBuiltInText(8));
  });

  test('refuses weights that are missing or misshapen, and empty phrases', async () => {
    const without = weights();
    without.delete('pieces.weight');
    await assert.rejects(builtInTextEncoder(without), {
      code: 'CHECKPOINT_MISMATCH',
      message: /pieces\.weight is missing/,
    });
    const misshapen = weights().set('embedding.bias', floatTensor([3]));
    await assert.rejects(builtInTextEncoder(misshapen), {
      code: 'CHECKPOINT_MISMATCH',
      message: /embedding\.bias is \[3\], expected \[512\]/,
    });
    await assert.rejects((await builtInTextEncoder(weights())).embed(' '), { code: 'INVALID_ARGUMENT' });
  });
});
