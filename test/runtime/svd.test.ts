import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { svd } from '../../src/linalg/svd.ts';
import { svdAll } from '../../src/linalg/svd-all.ts';
import type { SvdTask } from '../../src/linalg/svd-message.ts';
import { fileSvdCache, svdCacheFolder } from '../../src/runtime/svd-cache.node.ts';
import { nodeSvdPool } from '../../src/runtime/svd-pool.node.ts';
import { gaussian } from '../linalg/matrices.ts';

function task(rows: number, cols: number): SvdTask {
  return { matrix: gaussian(rows, cols, rows), rows, cols };
}

suite('SVDs in threads', () => {
  test('two threads give the bits of one, and leave views into larger buffers alone', async () => {
    const file = gaussian(1, 1000, 7);
    const tasks = [task(30, 40), task(50, 20), { matrix: file.subarray(100, 300), rows: 10, cols: 20 }];
    const expected = tasks.map(({ matrix, rows, cols }) => svd(matrix, rows, cols));
    assert.deepEqual(await svdAll(tasks, { pool: nodeSvdPool, concurrency: 2 }), expected);
    assert.deepEqual(file, gaussian(1, 1000, 7));
  });

  test('a failure in a thread arrives as the same error', async () => {
    const bad = task(3, 3);
    bad.matrix[8] = Infinity;
    await assert.rejects(svdAll([task(4, 4), bad], { pool: nodeSvdPool }), {
      name: 'SaltError',
      code: 'NOT_FINITE',
      details: { index: 1, row: 2, col: 2 },
    });
  });

  test('cancelling ends a thread in the middle of a matrix', async () => {
    const controller = new AbortController();
    let done = 0;
    const long = svdAll([task(700, 700), task(700, 700)], {
      pool: nodeSvdPool,
      signal: controller.signal,
      onProgress: () => done++,
    });
    const rejected = assert.rejects(long, { code: 'CANCELLED' });
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal(done, 0, 'the matrices are too small to be cancelled in their middle');
    controller.abort();
    await rejected;
    assert.equal(done, 0);
  });

  test('a thread that was ended refuses work instead of waiting for ever', async () => {
    const worker = nodeSvdPool.start();
    const pending = assert.rejects(worker.factor(task(400, 400)), { code: 'CANCELLED' });
    await worker.terminate();
    await pending;
    await assert.rejects(worker.factor(task(2, 2)), { code: 'CANCELLED' });
  });
});

suite('SVDs on disk', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'svd-cache-'));
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  const tasks = [task(5, 3), task(4, 9), task(40, 40)];
  const expected = tasks.map(({ matrix, rows, cols }) => svd(matrix, rows, cols));

  test('a second run reads what the first wrote, bit for bit', async () => {
    const cache = fileSvdCache(join(folder, 'made', 'when', 'needed'));
    assert.deepEqual(await svdAll(tasks, { cache }), expected);
    const refusing = {
      start: (): never => {
        throw new Error('nothing should be left to factor');
      },
    };
    assert.deepEqual(await svdAll(tasks, { cache, pool: refusing }), expected);
  });

  test('a file that is truncated, altered, empty or of another matrix is factored anew and replaced', async () => {
    const cache = fileSvdCache(folder);
    await svdAll(tasks, { cache });
    const names = (await readdir(folder)).sort();
    assert.equal(names.length, 3);
    const path = join(folder, names[0] ?? '');
    const good = await readFile(path);
    const altered = Buffer.from(good);
    altered[20]! ^= 1;
    const others = await Promise.all(names.slice(1).map((name) => readFile(join(folder, name))));
    assert.equal(others.length, 2);
    for (const bad of [
      good.subarray(0, 30),
      good.subarray(0, -1),
      altered,
      Buffer.alloc(0),
      Buffer.from('x'),
      ...others,
    ]) {
      await writeFile(path, bad);
      assert.deepEqual(await svdAll(tasks, { cache }), expected);
      assert.deepEqual(await readFile(path), good);
    }
  });

  test('a folder that cannot be made is a warning', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const warnings: string[] = [];
    const cache = fileSvdCache(join(file, 'below'));
    assert.deepEqual(
      await svdAll(tasks, { cache, onWarning: (message) => warnings.push(message) }),
      expected,
    );
    assert.match(warnings[0] ?? '', /Cannot write/);
  });

  test('the folder follows OHIF_SALT_CACHE, and is one of our own without', () => {
    const before = process.env.OHIF_SALT_CACHE;
    process.env.OHIF_SALT_CACHE = folder;
    try {
      assert.equal(svdCacheFolder(), join(folder, 'svd'));
      delete process.env.OHIF_SALT_CACHE;
      assert.match(svdCacheFolder(), /[\\/]ohif-salt[\\/](?:.*[\\/])?svd$/);
    } finally {
      if (before === undefined) delete process.env.OHIF_SALT_CACHE;
      else process.env.OHIF_SALT_CACHE = before;
    }
  });
});
