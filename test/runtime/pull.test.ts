import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { floatTensor } from '../../src/graph/tensor.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { parseRegistry } from '../../src/model/registry/registry.ts';
import type { PublishedDigest, RegisteredModel } from '../../src/model/registry/registry.ts';
import { paceMeter } from '../../src/runtime/download/rate.ts';
import { demandSpace } from '../../src/runtime/models/free-space.node.ts';
import { whileLocked } from '../../src/runtime/lock.node.ts';
import { pullModel } from '../../src/runtime/models/pull.node.ts';
import type { PullEvent, PulledFile, PullOptions } from '../../src/runtime/models/pull.node.ts';
import { inTurn, say, serveFile, startMisbehaving, truncateAt } from './misbehaving-server.ts';
import type { Behaviour } from './misbehaving-server.ts';

const root = mkdtempSync(join(tmpdir(), 'ohif-salt-pull-'));
after(() => rmSync(root, { recursive: true, force: true }));

const tensorsOf = (value: number) =>
  new Map([['w', floatTensor([64, 64], new Float32Array(4096).fill(value))]]);
const FILE = encodeSafetensors(tensorsOf(1));
const OTHER = encodeSafetensors(tensorsOf(2));
const digestOf = (algorithm: 'sha256' | 'md5', hex?: string): PublishedDigest => ({
  algorithm,
  hex: hex ?? createHash(algorithm).update(FILE).digest('hex'),
  source: 'https://example.org/hashes',
});

let folders = 0;
const newFolder = (): string => join(root, `models-${folders++}`);

function modelOf(
  digests: readonly PublishedDigest[],
  bytes?: number,
  name = 'tiny.safetensors',
): RegisteredModel {
  const file = {
    name,
    urls: ['https://unused.invalid/x'],
    digests: [...digests],
    ...(bytes !== undefined && { bytes }),
  };
  return { name: 'tiny', title: 'Tiny', licence: 'MIT', page: 'https://example.org', files: [file] };
}

/** Pulls through a mirror of that behaviour. */
async function pull(
  model: RegisteredModel,
  behaviour: Behaviour,
  options: Partial<PullOptions> = {},
): Promise<{ pulled: PulledFile[]; urls: string[]; events: PullEvent[] }> {
  const server = await startMisbehaving(behaviour);
  const events: PullEvent[] = [];
  const settings = {
    folder: newFolder(),
    mirror: `${server.origin}/mirror`,
    pauseMs: 1,
    onEvent: (event: PullEvent) => events.push(event),
    ...options,
  };
  try {
    const pulled = await pullModel(model, settings);
    return { pulled, urls: server.requests.map(({ url }) => url), events };
  } finally {
    await server.close();
  }
}

const filesIn = (folder: string): string[] => readdirSync(join(folder, 'tiny')).sort();

describe('pull', () => {
  test('lands a file that is what was published, and nothing else', async () => {
    const folder = newFolder();
    const model = modelOf(
      [digestOf('sha256'), digestOf('md5'), digestOf('md5', digestOf('md5').hex.slice(0, 6))],
      FILE.length,
    );
    const { pulled, urls, events } = await pull(model, serveFile(FILE), { folder });
    assert.deepEqual(
      pulled.map(({ by, fetched, bytes }) => ({ by, fetched, bytes })),
      [{ by: 'published', fetched: true, bytes: FILE.length }],
    );
    assert.deepEqual(urls, ['/mirror/tiny/tiny.safetensors']);
    assert.deepEqual(filesIn(folder), ['tiny.safetensors']);
    assert.ok(readFileSync(join(folder, 'tiny/tiny.safetensors')).equals(FILE));
    assert.deepEqual(events.at(0)?.kind, 'fetching');
    assert.deepEqual(events.at(-1)?.kind, 'verifying');
  });

  test('checks a file that is there already, and asks nobody', async () => {
    const folder = newFolder();
    const model = modelOf([digestOf('sha256')]);
    await pull(model, serveFile(FILE), { folder });
    const { pulled, urls } = await pull(model, say(500), { folder });
    assert.deepEqual([pulled[0]?.fetched, pulled[0]?.by, urls], [false, 'published', []]);
  });

  test('finds a file that was put into the folder by hand, by the name that it has of its own', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, 'tiny.safetensors'), FILE);
    const { pulled, urls } = await pull(modelOf([digestOf('sha256')]), say(500), { folder });
    assert.deepEqual([pulled[0]?.path, urls], [join(folder, 'tiny.safetensors'), []]);
    writeFileSync(join(folder, 'model.safetensors'), OTHER);
    const { urls: asked } = await pull(modelOf([], undefined, 'model.safetensors'), serveFile(FILE), {
      folder,
    });
    assert.deepEqual(asked, ['/mirror/tiny/model.safetensors'], 'a name that all models have says nothing');
  });

  test('throws away what is not the published file, and says so', async () => {
    for (const digest of [
      digestOf('sha256', '0'.repeat(64)),
      digestOf('md5', 'abcdef'),
      digestOf('sha256'),
    ]) {
      const folder = newFolder();
      const content = digest.hex === digestOf('sha256').hex ? OTHER : FILE;
      await assert.rejects(pull(modelOf([digest]), serveFile(content), { folder }), {
        code: 'HASH_MISMATCH',
        message: /not the published file.*example\.org.*thrown away. Try again/u,
      });
      assert.deepEqual(filesIn(folder), []);
      assert.equal(existsSync(join(folder, '.hashes')), false);
    }
  });

  test('records a file of which nothing is published, and refuses another later', async () => {
    const folder = newFolder();
    const model = modelOf([]);
    const first = await pull(model, serveFile(FILE), { folder });
    assert.equal(first.pulled[0]?.by, 'first');
    assert.equal((await pull(model, say(500), { folder })).pulled[0]?.by, 'recorded');
    rmSync(join(folder, 'tiny'), { recursive: true });
    await assert.rejects(pull(model, serveFile(OTHER), { folder }), {
      code: 'HASH_MISMATCH',
      message: /not the file that came first, on \d{4}-\d\d-\d\d.*remove .*\.hashes.tiny\.json/u,
    });
    assert.equal((await pull(model, serveFile(FILE), { folder })).pulled[0]?.by, 'recorded');
  });

  test('takes no other file for the first when its record is damaged', async () => {
    const folder = newFolder();
    const model = modelOf([]);
    await pull(model, serveFile(FILE), { folder });
    const record = join(folder, '.hashes', 'tiny.json');
    const whole = readFileSync(record, 'utf8');
    rmSync(join(folder, 'tiny'), { recursive: true });
    for (const damaged of ['', whole.slice(0, 40), whole.replace('"sha256"', '"sha"')]) {
      writeFileSync(record, damaged);
      await assert.rejects(pull(model, serveFile(OTHER), { folder }), {
        code: 'FILE_UNREADABLE',
        message: /\.hashes.tiny\.json.*Remove it/u,
      });
      assert.equal(readFileSync(record, 'utf8'), damaged);
    }
    writeFileSync(record, whole);
    assert.equal((await pull(model, serveFile(FILE), { folder })).pulled[0]?.by, 'recorded');
  });

  test('of a file of which nothing is published demands at least that it is a checkpoint', async () => {
    const folder = newFolder();
    // Without Content-Length, nothing in HTTP tells that half of it is missing.
    const half: Behaviour = (_, response) => {
      response.socket?.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), FILE.subarray(0, 9000)]));
    };
    await assert.rejects(pull(modelOf([]), half, { folder }), { code: 'CHECKPOINT_INVALID' });
    assert.deepEqual(filesIn(folder), []);
    // Nor one that was put there by hand.
    writeFileSync(join(folder, 'tiny.safetensors'), FILE.subarray(0, -3));
    await assert.rejects(pull(modelOf([]), say(500), { folder }), { code: 'CHECKPOINT_INVALID' });
    assert.equal(existsSync(join(folder, '.hashes')), false, 'the half must not become the record');
    rmSync(join(folder, 'tiny.safetensors'));
    assert.equal((await pull(modelOf([]), serveFile(FILE), { folder })).pulled[0]?.by, 'first');
  });

  test('stopped goes on where it was', async () => {
    const folder = newFolder();
    const model = modelOf([digestOf('sha256')]);
    const stop = new AbortController();
    const onEvent = (event: PullEvent): void => {
      if (event.kind === 'bytes' && event.bytes >= 5000) stop.abort();
    };
    const slow = truncateAt(FILE, 5000);
    await assert.rejects(pull(model, slow, { folder, onEvent, signal: stop.signal }), { code: 'CANCELLED' });
    assert.deepEqual(filesIn(folder), ['tiny.safetensors.part', 'tiny.safetensors.part.json']);
    // Another address is another file, as far as can be known.
    const { pulled } = await pull(model, serveFile(FILE), { folder });
    assert.equal(pulled[0]?.by, 'published');
    assert.deepEqual(filesIn(folder), ['tiny.safetensors']);
  });

  test('twice at once: one works, the other is told', async () => {
    const folder = newFolder();
    const model = modelOf([digestOf('sha256')]);
    const slowly: Behaviour = (...request) => {
      setTimeout(() => serveFile(FILE)(...request), 200);
    };
    const both = await Promise.allSettled([pull(model, slowly, { folder }), pull(model, slowly, { folder })]);
    const refused = both.filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 1);
    assert.equal((refused[0] as { reason: { code: string } }).reason.code, 'MODEL_BUSY');
    assert.ok(readFileSync(join(folder, 'tiny/tiny.safetensors')).equals(FILE));
    assert.deepEqual(filesIn(folder), ['tiny.safetensors']);
  });

  test('with a mirror that is a folder says what to use', async () => {
    await assert.rejects(pull(modelOf([]), say(500), { mirror: '/data/models' }), {
      code: 'INVALID_ARGUMENT',
      message: /OHIF_SALT_MODELS/u,
    });
  });

  test('retries over the mirror, too', async () => {
    const { pulled } = await pull(
      modelOf([digestOf('sha256')]),
      inTurn(say(503), truncateAt(FILE, 4000), serveFile(FILE)),
    );
    assert.equal(pulled[0]?.by, 'published');
  });
});

test('the lock of a process that died is taken over', async () => {
  const path = join(root, 'locked');
  mkdirSync(`${path}.lock`);
  await assert.rejects(
    whileLocked(path, async () => undefined),
    { code: 'MODEL_BUSY' },
  );
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(`${path}.lock`, longAgo, longAgo);
  assert.equal(await whileLocked(path, async () => 'done'), 'done');
  assert.equal(existsSync(`${path}.lock`), false);
});

test('space is demanded before it is needed', async () => {
  await demandSpace(root, 1);
  await assert.rejects(demandSpace(root, 2 ** 60), {
    code: 'FILE_UNWRITABLE',
    message: /B free, and 1,152,921.5 TB are to come/u,
  });
});

test('the pace is that of the last seconds', () => {
  const pace = paceMeter();
  assert.deepEqual(pace(0, 1000, 0), { bytesPerSecond: 0, secondsLeft: undefined });
  assert.deepEqual(pace(100, 1000, 1000), { bytesPerSecond: 100, secondsLeft: 9 });
  for (let second = 2; second <= 20; second++) pace(100, 1000, 1000 * second);
  assert.deepEqual(pace(100, 1000, 21_000), { bytesPerSecond: 0, secondsLeft: undefined });
  assert.deepEqual(pace(700, undefined, 22_000), { bytesPerSecond: 100, secondsLeft: undefined });
});

describe('the registry', () => {
  const text = readFileSync(new URL('../../models/registry.json', import.meta.url), 'utf8');

  test('names SAM in three sizes, MedSAM and CLIP, with licence and page', () => {
    const models = parseRegistry(text);
    const names = models.map(({ name }) => name);
    for (const name of ['sam-vit-b', 'sam-vit-l', 'sam-vit-h', 'medsam', 'clip-vit-b-32'])
      assert.ok(names.includes(name));
    // The names that Meta gave its files carry the first digits of their MD5.
    for (const { files } of models.filter(({ name }) => /^sam-vit-.$/u.test(name))) {
      const [file] = files;
      const inName = /_([0-9a-f]{6})\.pth$/u.exec(file?.name ?? '')?.[1];
      assert.ok(file?.digests.some(({ algorithm, hex }) => algorithm === 'md5' && hex === inName));
    }
  });

  test('that is damaged is refused with the place', () => {
    assert.throws(() => parseRegistry('{'), { code: 'FILE_UNREADABLE' });
    for (const [from, to] of [
      ['https://dl.', 'http://dl.'],
      ['"sam_vit_b_01ec64.pth"', '"../x.pth"'],
      ['"01ec64"', '"01EC64"'],
      ['"sam-vit-l"', '"sam-vit-b"'],
    ] as const) {
      assert.ok(text.includes(from));
      assert.throws(
        () => parseRegistry(text.replace(from, to)),
        { code: 'FILE_UNREADABLE', message: /models/u },
        from,
      );
    }
  });
});
