import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { requireBaseModel } from '../../src/adapters/index.ts';
import { makeAdapterInfo } from '../adapters/make-adapter-info.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { parseSafetensors } from '../../src/model/checkpoint/safetensors.ts';
import { openModelCache } from '../../src/runtime/model-cache.web.ts';
import { Models } from '../../src/worker/models.ts';
import { recordOf } from '../../src/worker/store/adapters.ts';

/** The browser's Cache API, as far as models need it. */
class MemoryCache {
  readonly entries = new Map<string, Uint8Array<ArrayBuffer>>();
  keys(): Promise<{ url: string }[]> {
    return Promise.resolve([...this.entries.keys()].map((url) => ({ url })));
  }
  match(url: string): Promise<Response | undefined> {
    const bytes = this.entries.get(url);
    return Promise.resolve(bytes && new Response(bytes));
  }
  async put(url: string, answer: Response): Promise<void> {
    this.entries.set(url, new Uint8Array(await answer.arrayBuffer()));
  }
  delete(url: string): Promise<boolean> {
    return Promise.resolve(this.entries.delete(url));
  }
  get bytes(): number {
    return [...this.entries.values()].reduce((sum, { length }) => sum + length, 0);
  }
}

const SHIPPED = new URL('../../models/salt-tiny/salt-tiny.safetensors', import.meta.url);
const SERVED = { id: 'salt-tiny', title: 'SALT tiny', url: 'http://localhost/salt-tiny.safetensors' };
const GONE = { id: 'gone', title: 'Gone', url: 'http://localhost/gone.safetensors' };
const NEVER = new AbortController().signal;

const cache = new MemoryCache();
/** Addresses that were asked for. */
let fetched: string[] = [];
const shipped = new Uint8Array(readFileSync(SHIPPED));
const stand = (name: string, value: unknown): void => {
  Object.defineProperty(globalThis, name, { value, configurable: true });
};
const { fetch: fetchOfNode, navigator: navigatorOfNode } = globalThis;

before(() => {
  stand('caches', { open: () => Promise.resolve(cache) });
  stand('location', { href: 'http://localhost/', origin: 'http://localhost' });
  stand('navigator', {});
  stand('fetch', (url: string) => {
    fetched.push(url);
    return Promise.resolve(url === GONE.url ? new Response('', { status: 404 }) : new Response(shipped));
  });
});
after(() => {
  stand('fetch', fetchOfNode);
  stand('navigator', navigatorOfNode);
  for (const name of ['caches', 'location']) Reflect.deleteProperty(globalThis, name);
});
beforeEach(() => {
  cache.entries.clear();
  fetched = [];
});

/** As somebody's own pretraining writes it: under the shipped model's name, with other numbers. */
function ownSaltTiny(): Uint8Array<ArrayBuffer> {
  const file = parseSafetensors(shipped);
  const tensors = new Map(file.names.map((name) => [name, file.float32(name)]));
  const name = file.names.find((each) => each.endsWith('blocks.0.attn.proj.weight')) ?? '';
  const tensor = tensors.get(name);
  assert.ok(tensor);
  tensors.set(name, { ...tensor, data: tensor.data.map((value, at) => (at === 0 ? value + 0.25 : value)) });
  return encodeSafetensors(tensors, file.metadata, { dtype: 'F16' });
}
const OWN = ownSaltTiny();

describe('models of a page', () => {
  it('are told apart by their numbers where an added one is called like one that is served', async () => {
    const models = new Models([SERVED]);
    const added = await models.accept([new File([OWN], 'salt-tiny.safetensors')], () => undefined, NEVER);
    const base = await models.base(added.id);
    assert.equal(base.name, SERVED.id);
    const info = makeAdapterInfo({
      model: { kind: 'sam', name: base.name, weightsHash: base.weightsHash, config: base.config },
    });
    requireBaseModel(info, await models.baseOf(info));
    const served = await models.base(SERVED.id);
    assert.equal(await models.idOf(served.name, served.weightsHash), SERVED.id);
    assert.notEqual(served.weightsHash, base.weightsHash);
  });

  it('are fetched once to be listed, however often the lists are asked for, and leave the one in use alone', async () => {
    const served = ['a', 'b', 'c'].map((id) => ({
      ...SERVED,
      id,
      url: `http://localhost/${id}.safetensors`,
    }));
    const models = new Models(served);
    const first = await models.list();
    assert.deepEqual(
      first.map(({ id, bytes }) => [id, bytes]),
      served.map(({ id }) => [id, shipped.byteLength]),
    );
    await models.base('b');
    const before = fetched.length;
    assert.deepEqual(await models.list(), first);
    await models.base('b');
    assert.equal(fetched.length, before);
  });

  it('do not go with one that cannot be read, which can be removed', async () => {
    const models = new Models([]);
    const good = await models.accept([new File([OWN], 'own.safetensors')], () => undefined, NEVER);
    const damaged = 'f'.repeat(64);
    await cache.put(`https://models.invalid/model/${damaged}`, new Response('{"format":"another"}'));
    assert.deepEqual(
      (await models.list()).map(({ id }) => id),
      [good.id],
    );
    assert.ok((await models.storedBytes()) > 1e6);
    await assert.rejects(models.base(damaged), { code: 'MODEL_UNKNOWN' });
    await models.remove(damaged);
    await models.remove(good.id);
    assert.equal(cache.entries.size, 0);
  });

  it('do not go with a served one that cannot be reached, nor do adapters', async (t) => {
    const warned = t.mock.method(console, 'warn', () => undefined);
    const models = new Models([GONE, SERVED]);
    const added = await models.accept([new File([OWN], 'gone.safetensors')], () => undefined, NEVER);
    assert.deepEqual(
      (await models.list()).map(({ id }) => id),
      [SERVED.id, added.id],
    );
    assert.match(String(warned.mock.calls[0]?.arguments[0]), /Gone/);
    assert.equal(await models.idOf(GONE.id, added.id), added.id);
  });

  it('leave nothing behind where adding a prepared one is stopped, and lose nothing that was there', async () => {
    const store = await openModelCache();
    const made = await store.accept([new File([OWN], 'own.safetensors')], { shardBytes: 2e6 });
    const shards = await Promise.all(
      made.index.shards.map(async ({ name, sha256 }) => {
        const answer = await cache.match(`https://models.invalid/file/${sha256}`);
        assert.ok(answer);
        return { name, sha256, file: new File([await answer.arrayBuffer()], name) };
      }),
    );
    cache.entries.clear();
    const [first] = shards;
    assert.ok(first);
    // Of another model.
    await cache.put(`https://models.invalid/file/${first.sha256}`, new Response(first.file));
    const before = cache.bytes;
    const stop = new AbortController();
    let done = 0;
    const files = [new File([JSON.stringify(made.index)], 'model.json'), ...shards.map(({ file }) => file)];
    const onProgress = (): void => {
      if (++done === 3) stop.abort();
    };
    await assert.rejects(store.accept(files, { onProgress, signal: stop.signal }), { code: 'CANCELLED' });
    assert.equal(cache.bytes, before);
    await store.accept(files);
    assert.equal((await store.list()).length, 1);
  });
});

describe('an adapter of the page', () => {
  const nameOf = (name: string): string => recordOf('1', name, makeAdapterInfo(), 1).name;

  it('is kept whatever its name: a long one is cut, an empty one replaced', () => {
    assert.equal(nameOf(' Vein · 3 frames '), 'Vein · 3 frames');
    assert.equal(nameOf('Marginal branch, '.repeat(20)).length, 200);
    assert.equal(nameOf('  '), 'salt');
  });
});
