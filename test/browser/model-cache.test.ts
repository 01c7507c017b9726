import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { bytesSource } from '../../src/model/checkpoint/byte-source.ts';
import { samMetadata } from '../../src/model/checkpoint/load-sam.ts';
import { openCheckpoint } from '../../src/model/checkpoint/open-checkpoint.ts';
import { randomSamWeights } from '../../src/model/checkpoint/random-weights.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { prepareModel } from '../../src/model/prepared/prepare.ts';
import type { PreparedIndex } from '../../src/model/prepared/prepared-index.ts';
import { recognise } from '../../src/model/prepared/recognise.ts';
import { RANDOM_SAMS } from '../../src/cli/models/random-models.ts';
import { skipWithoutChromium, withPage } from './harness.ts';
import type { Arguments, Result } from './pages/model-cache.ts';

const CONFIG = RANDOM_SAMS.get('random:tiny');
assert.ok(CONFIG);
const CHECKPOINT = encodeSafetensors(randomSamWeights(CONFIG, 1), samMetadata(CONFIG));

interface Prepared {
  readonly index: PreparedIndex;
  /** All of its files, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

async function prepare(): Promise<Prepared> {
  const files = new Map<string, Uint8Array>();
  const source = await openCheckpoint(bytesSource(CHECKPOINT), 'tiny.safetensors');
  const sink = {
    write: async ({ name }: { name: string }, bytes: Uint8Array) => void files.set(name, bytes),
  };
  const options = { name: 'tiny', source: { file: 'tiny.safetensors' }, shardBytes: 60_000 };
  const index = await prepareModel(source, recognise(source), sink, options);
  files.set('model.json', new TextEncoder().encode(JSON.stringify(index)));
  return { index, files };
}

/** What the server answers for a file: its bytes, others, a status, a web page, or a broken connection. */
type Answer = Uint8Array | number | 'page' | 'broken';

/** Serves a model below /models/tiny/ of the page's own origin. */
async function serve(
  page: Page,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<{ asked: string[]; instead: Map<string, Answer> }> {
  const asked: string[] = [];
  const instead = new Map<string, Answer>();
  await page.route('**/models/tiny/*', async (route) => {
    const name = new URL(route.request().url()).pathname.split('/').at(-1) ?? '';
    asked.push(name);
    const answer = instead.get(name) ?? files.get(name) ?? 404;
    if (answer === 'broken') await route.abort('connectionreset');
    else if (answer === 'page')
      await route.fulfill({ contentType: 'text/html', body: '<!doctype html>log in' });
    else if (typeof answer === 'number') await route.fulfill({ status: answer });
    else await route.fulfill({ body: Buffer.from(answer) });
  });
  return { asked, instead };
}

const URL_OF_INDEX = '/models/tiny/model.json';

/** In a page that was loaded anew. */
async function after(page: Page, argument: Arguments): Promise<Result> {
  await page.reload();
  return page.evaluate(async (input) => {
    const url = '/pages/model-cache.js';
    const module = (await import(url)) as { main(argument: unknown): Promise<unknown> };
    const absolute = 'url' in input ? { ...input, url: new URL(input.url, location.href).href } : input;
    return module.main(absolute) as Promise<Result>;
  }, argument);
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe("the browser's store of models, in Chromium", { skip: skipWithoutChromium }, () => {
  test('keeps every shard of a download that a reload cut off, and then needs no network', async () => {
    const { index, files } = await prepare();
    const [first, second, ...others] = index.shards;
    assert.ok(first && second && others.length > 0);
    await withPage(async (page) => {
      const { asked, instead } = await serve(page, files);
      instead.set(second.name, 'broken');
      const broken = await after(page, { do: 'fetch', url: URL_OF_INDEX });
      assert.match(broken.failure ?? '', /^DOWNLOAD_FAILED: .*what has come whole is not fetched again/u);
      assert.deepEqual([broken.hashes, broken.stored], [[], first.bytes]);

      instead.clear();
      asked.length = 0;
      const whole = await after(page, { do: 'fetch', url: URL_OF_INDEX });
      assert.equal(whole.failure, undefined);
      assert.deepEqual(asked, ['model.json', second.name, ...others.map(({ name }) => name)]);
      const total = index.shards.reduce((sum, { bytes }) => sum + bytes, 0);
      assert.deepEqual(whole.progress[0], { kind: 'fetching', done: first.bytes, total });
      assert.deepEqual(whole.progress.at(-1), { kind: 'fetching', done: total, total });
      assert.deepEqual([whole.hashes, whole.loadedHash], [[index.weightsHash], index.weightsHash]);

      asked.length = 0;
      const again = await after(page, { do: 'open', hash: index.weightsHash });
      assert.deepEqual([again.loadedHash, asked], [index.weightsHash, []]);

      const removed = await after(page, { do: 'remove', hash: index.weightsHash });
      assert.deepEqual([removed.freed, removed.hashes, removed.stored], [total, [], 0]);
      assert.equal((await after(page, { do: 'open', hash: index.weightsHash })).loadedHash, undefined);
    });
  });

  test('keeps nothing that is not what the index says, and says what the server sent', async () => {
    const { index, files } = await prepare();
    const [first] = index.shards;
    assert.ok(first);
    const bytes = files.get(first.name) ?? new Uint8Array();
    const changed = bytes.slice();
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    const cases: [Answer, RegExp][] = [
      [changed, /^HASH_MISMATCH: /u],
      [bytes.subarray(0, -1), /^DOWNLOAD_FAILED: .*ended after/u],
      [new Uint8Array([...bytes, 0]), /^DOWNLOAD_INVALID: .*longer/u],
      ['page', /^DOWNLOAD_INVALID: .*web page/u],
      [404, /^DOWNLOAD_REFUSED: .*404/u],
      [503, /^DOWNLOAD_FAILED: .*503/u],
    ];
    await withPage(async (page) => {
      const { instead } = await serve(page, files);
      for (const [answer, says] of cases) {
        instead.set(first.name, answer);
        const result = await after(page, { do: 'fetch', url: URL_OF_INDEX });
        assert.match(result.failure ?? '', says);
        assert.deepEqual([result.hashes, result.stored], [[], 0]);
      }
    });
  });

  test('stops when asked', async () => {
    const { files } = await prepare();
    await withPage(async (page) => {
      await serve(page, files);
      const stopped = await after(page, { do: 'fetch', url: URL_OF_INDEX, stopAfterFirst: true });
      assert.match(stopped.failure ?? '', /^CANCELLED: /u);
      assert.deepEqual(stopped.hashes, []);
    });
  });

  test('takes a checkpoint that is dropped on the page, prepares it, and keeps it', async () => {
    const { index } = await prepare();
    await withPage(async (page) => {
      const dropped = await after(page, {
        do: 'drop',
        files: [{ name: 'tiny.safetensors', base64: base64(CHECKPOINT) }],
      });
      assert.equal(dropped.failure, undefined);
      assert.deepEqual([dropped.hashes, dropped.loadedHash], [[index.weightsHash], index.weightsHash]);
      const last = dropped.progress.at(-1);
      assert.deepEqual(last, { kind: 'preparing', done: index.parameters, total: index.parameters });
      assert.equal(
        (await after(page, { do: 'open', hash: index.weightsHash })).loadedHash,
        index.weightsHash,
      );
    });
  });

  test('keeps a model that is there already when adding it again fails on the way', async () => {
    const files = [{ name: 'tiny.safetensors', base64: base64(CHECKPOINT) }];
    const drop = { do: 'drop', files, shardBytes: 60_000 } as const;
    await withPage(async (page) => {
      const whole = await after(page, drop);
      assert.equal(whole.failure, undefined);
      const [hash = ''] = whole.hashes;
      const again = await after(page, { ...drop, spaceFor: 1 });
      assert.match(again.failure ?? '', /^FILE_UNWRITABLE: .*no more space/u);
      assert.deepEqual([again.hashes, again.stored], [[hash], whole.stored]);
      assert.equal((await after(page, { do: 'open', hash })).loadedHash, hash);

      await after(page, { do: 'remove', hash });
      const anew = await after(page, { ...drop, spaceFor: 1 });
      assert.deepEqual([anew.hashes, anew.stored], [[], 0], 'nothing is left of one that is not');
    });
  });

  test('takes the files of a prepared model, and refuses what is none', async () => {
    const { index, files } = await prepare();
    const all = [...files].map(([name, bytes]) => ({ name, base64: base64(bytes) }));
    await withPage(async (page) => {
      const lacking = await after(page, { do: 'drop', files: all.slice(1) });
      assert.match(lacking.failure ?? '', /^INVALID_ARGUMENT: Drop the whole folder.*shard-00001/u);
      const none = await after(page, {
        do: 'drop',
        files: [{ name: 'photo.pth', base64: base64(new Uint8Array(500)) }],
      });
      assert.match(none.failure ?? '', /^CHECKPOINT_INVALID: /u);
      const whole = await after(page, { do: 'drop', files: all });
      assert.deepEqual([whole.hashes, whole.loadedHash], [[index.weightsHash], index.weightsHash]);
    });
  });
});
