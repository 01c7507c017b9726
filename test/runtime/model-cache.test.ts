/** The browser's store of models, over a store in memory; `test/browser/model-cache.test.ts` has the real one. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { RANDOM_SAMS } from '../../src/cli/models/random-models.ts';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { samMetadata } from '../../src/model/checkpoint/load-sam.ts';
import { randomSamWeights, randomTextAffine } from '../../src/model/checkpoint/random-weights.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { openModelCache } from '../../src/runtime/model-cache.web.ts';
import { Models } from '../../src/worker/models.ts';

const CONFIG = RANDOM_SAMS.get('random:tiny');
assert.ok(CONFIG);
const SAM = randomSamWeights(CONFIG, 1);
/** Small enough that a model has several, the first of which two models share. */
const SHARDS = { shardBytes: 60_000 };

/** A model as it is after it was merged with an adapter of the head: of its own are the words alone. */
function merged(
  config: NonNullable<typeof CONFIG>,
  seed: number,
): { file: File; affine: Map<string, FloatTensor> } {
  const affine = randomTextAffine(config, seed);
  const bytes = encodeSafetensors(new Map([...SAM, ...affine]), samMetadata(config));
  return { file: new File([bytes], `merged-${seed}.safetensors`), affine };
}

/** What is kept: by its address, as the Cache API has it. */
const kept = new Map<string, Uint8Array<ArrayBuffer>>();
const cache = {
  match: (key: string) => Promise.resolve(kept.has(key) ? new Response(kept.get(key)) : undefined),
  put: async (key: string, answer: Response) => {
    kept.set(key, new Uint8Array(await answer.arrayBuffer()));
  },
  delete: (key: string) => Promise.resolve(kept.delete(key)),
  keys: () => Promise.resolve([...kept.keys()].map((url) => ({ url }))),
};
Object.defineProperty(globalThis, 'caches', { value: { open: () => Promise.resolve(cache) } });
if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: {} });

describe('two models that an adapter would take for one', () => {
  const [first, second] = [merged(CONFIG, 1), merged(CONFIG, 2)];
  beforeEach(() => {
    kept.clear();
  });

  test('the last is kept, whole, and nothing of the one before', async () => {
    const store = await openModelCache();
    await store.accept([second.file], SHARDS);
    const alone = new Set(kept.keys());
    kept.clear();

    const { index: before } = await store.accept([first.file], SHARDS);
    const { index } = await store.accept([second.file], SHARDS);
    assert.equal(index.weightsHash, before.weightsHash);
    assert.deepEqual(
      (await store.list()).map(({ name }) => name),
      ['merged-2'],
    );
    assert.deepEqual(new Set(kept.keys()), alone);
    assert.ok(await store.open(index.weightsHash));
  });

  test('once what is listed is removed, the store is empty', async () => {
    const store = await openModelCache();
    for (const { file } of [first, second]) await store.accept([file], SHARDS);
    for (const { weightsHash } of await store.list()) await store.remove(weightsHash);
    assert.deepEqual([...kept.keys()], []);
  });

  test('the one that was loaded before is not taken for the one that was added', async () => {
    const models = new Models([]);
    for (const { file, affine } of [first, second]) {
      const { id } = await models.accept([file], () => undefined, new AbortController().signal);
      const { textAffine } = await models.base(id);
      const [[name, { data }] = assert.fail('it has no words')] = [...affine];
      assert.ok(Math.abs((textAffine?.get(name)?.data[0] ?? NaN) - (data[0] ?? NaN)) < 1e-3);
    }
  });
});
