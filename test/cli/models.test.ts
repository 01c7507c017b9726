/** `models` from end to end: fetched from a mirror on this machine, imported, used, inspected, removed. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, describe, test } from 'node:test';
import { z } from 'zod';
import { samMetadata } from '../../src/model/checkpoint/load-sam.ts';
import { randomSamWeights } from '../../src/model/checkpoint/random-weights.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { preparedIndexSchema } from '../../src/model/prepared/prepared-index.ts';
import { confirmed } from '../../src/cli/commands/models/remove.ts';
import { RANDOM_SAMS } from '../../src/cli/models/random-models.ts';
import { etagOf, inTurn, say, serveFile, startMisbehaving } from '../runtime/misbehaving-server.ts';
import type { Behaviour } from '../runtime/misbehaving-server.ts';
import { CPU, assertFailed, run, start, succeed, workFolder, writeDataset } from './cli.ts';

const folder = workFolder();
const CONFIG = RANDOM_SAMS.get('random:tiny');
assert.ok(CONFIG);
const CHECKPOINT = encodeSafetensors(randomSamWeights(CONFIG, 5), samMetadata(CONFIG));
writeFileSync(join(folder, 'checkpoint.safetensors'), CHECKPOINT);
writeDataset(folder, 'data');
const FRAME = 'data/images/f0.png';
const inModels = (...path: string[]): string => join(folder, 'models', ...path);

const importedSchema = z.object({
  name: z.string(),
  path: z.string(),
  architecture: z.string(),
  weightsHash: z.string(),
  rounding: z.object({ numberError: z.number() }),
});
const listedSchema = z.object({
  folder: z.string(),
  models: z.array(z.object({ name: z.string(), state: z.string(), hash: z.string().optional() })),
});

async function listed(): Promise<Map<string, string>> {
  const { stdout } = await succeed(folder, ['models', 'list', '--json']);
  return new Map(listedSchema.parse(JSON.parse(stdout)).models.map(({ name, state }) => [name, state]));
}

async function segmentWith(model: string): Promise<void> {
  await succeed(folder, ['segment', '--model', model, '--prompt', 'Vein', '--out', 'masks', FRAME, ...CPU]);
}

describe('models import', () => {
  test('says what a checkpoint is, what rounding cost, and makes it a model that has a name', async () => {
    const done = await succeed(folder, [
      'models',
      'import',
      'checkpoint.safetensors',
      '--name',
      'tiny',
      '--json',
    ]);
    assert.match(done.stderr, /Recognised: SAM, 2 blocks of width 32.*as F32, named as by Meta/u);
    assert.match(done.stderr, /none of the published files/u);
    const { path, weightsHash, rounding } = importedSchema.parse(JSON.parse(done.stdout));
    assert.equal(path, inModels('tiny', 'model.json'));
    assert.ok(rounding.numberError > 0 && rounding.numberError <= 2 ** -11);
    const index = preparedIndexSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    assert.equal(index.weightsHash, weightsHash);
    assert.deepEqual(readdirSync(inModels('tiny')).sort(), [
      'model.json',
      ...index.shards.map(({ name }) => name),
    ]);
    assert.equal((await listed()).get('tiny'), 'prepared');
  });

  test('makes what segment takes by name, by folder and by index', async () => {
    for (const model of ['tiny', 'models/tiny', 'models/tiny/model.json']) {
      await segmentWith(model);
    }
    assert.ok(readdirSync(join(folder, 'masks')).length > 0);
  });

  test('refuses a name that is taken, a name that is a path, and what is no model', async () => {
    const again = ['models', 'import', 'checkpoint.safetensors', '--name'];
    assertFailed(await run(folder, [...again, 'tiny']), 2, /already: remove it first/u);
    assertFailed(await run(folder, [...again, '../tiny']), 2, /cannot be a model's name/u);
    assertFailed(await run(folder, ['models', 'import', FRAME]), 3, /neither a safetensors file nor/u);
    assertFailed(await run(folder, ['models', 'import', 'tiny']), 2, /prepared already/u);
    assertFailed(await run(folder, ['models', 'import', 'random:tiny']), 2, /no file to import/u);
  });

  test('goes on over what an import left that did not get to its end', async () => {
    mkdirSync(inModels('half'));
    writeFileSync(inModels('half', 'shard-00001-of-00009-01234567.safetensors'), 'old');
    await succeed(folder, ['models', 'import', 'checkpoint.safetensors', '--name', 'half', '--no-svd']);
    assert.ok(!existsSync(inModels('half', 'shard-00001-of-00009-01234567.safetensors')));
  });
});

describe('models inspect', () => {
  test('knows the prepared model, and that its hash is that of rounded numbers', async () => {
    const prepared = await succeed(folder, ['models', 'inspect', 'tiny', '--json']);
    const original = await succeed(folder, ['models', 'inspect', 'checkpoint.safetensors', '--json']);
    const schema = z.object({
      kind: z.literal('SAM'),
      about: z.object({ weightsHash: z.string(), dtypes: z.array(z.string()) }),
    });
    const [a, b] = [prepared, original].map(({ stdout }) => schema.parse(JSON.parse(stdout)).about);
    assert.deepEqual([a?.dtypes, b?.dtypes], [['F16'], ['F32']]);
    assert.notEqual(a?.weightsHash, b?.weightsHash);
  });

  test('and segment find out a damaged shard', async () => {
    const [shard = ''] = readdirSync(inModels('half')).filter((name) => name.startsWith('shard-'));
    const bytes = readFileSync(inModels('half', shard));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 2) ^ 1, bytes.length - 2);
    writeFileSync(inModels('half', shard), bytes);
    assertFailed(await run(folder, ['models', 'inspect', 'half']), 3, /damaged: its SHA-256/u);
    const segment = ['segment', '--model', 'half', '--prompt', 'Vein', '--out', 'masks', FRAME, ...CPU];
    assertFailed(await run(folder, segment), 3, /half is damaged/u);
  });
});

describe('models remove', () => {
  for (const [key, name] of [
    ['\x03', 'Ctrl-C'],
    ['\x04', 'Ctrl-D'],
  ] as const)
    test(`removes nothing when the question is answered by ${name}`, async () => {
      const terminal = (): PassThrough & { readonly isTTY: true } =>
        Object.assign(new PassThrough(), { isTTY: true as const });
      const input = terminal();
      const answer = confirmed('Remove? ', input, terminal());
      input.write(key);
      await assert.rejects(answer, { code: 'CANCELLED', message: 'Nothing was removed.' });
    });

  test('asks, and without anyone to ask needs --yes', async () => {
    assertFailed(await run(folder, ['models', 'remove', 'half']), 2, /add --yes/u);
    const { stdout } = await succeed(folder, ['models', 'remove', 'half', '--yes']);
    assert.match(stdout, /Removed "half": [\d.]+ kB are free again/u);
    assert.ok(!existsSync(inModels('half')));
    assert.equal((await listed()).get('half'), undefined);
  });

  test('touches nothing outside the folder of models, and nothing in it that is not its own', async () => {
    assertFailed(
      await run(folder, ['models', 'remove', 'checkpoint.safetensors', '--yes']),
      2,
      /delete it yourself/u,
    );
    await succeed(folder, ['models', 'import', 'checkpoint.safetensors', '--name', 'noted']);
    writeFileSync(inModels('noted', 'notes.txt'), 'mine');
    await succeed(folder, ['models', 'remove', 'noted', '--yes']);
    assert.deepEqual(readdirSync(inModels('noted')), ['notes.txt']);
  });
});

describe('models pull', () => {
  const servers: { close(): Promise<void> }[] = [];
  after(() => Promise.all(servers.map((server) => server.close())));
  const mirror = async (behaviour: Behaviour) => {
    const server = await startMisbehaving(behaviour);
    servers.push(server);
    process.env.OHIF_SALT_MIRROR = server.origin;
    return server;
  };
  after(() => {
    delete process.env.OHIF_SALT_MIRROR;
  });

  test('is stopped by Ctrl-C, goes on from there, and records what nobody has published', async () => {
    const half = CHECKPOINT.length >> 1;
    const { requests } = await mirror(
      inTurn((_, response) => {
        response.writeHead(200, { etag: etagOf(CHECKPOINT), 'content-length': CHECKPOINT.length });
        response.write(CHECKPOINT.subarray(0, half));
      }, serveFile(CHECKPOINT)),
    );
    const args = ['models', 'pull', 'sam-vit-b-hf'];
    const started = start(folder, args);
    const part = inModels('sam-vit-b-hf', 'model.safetensors.part');
    for (let i = 0; i < 200 && !(existsSync(part) && readFileSync(part).length === half); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    started.child.kill('SIGINT');
    const stopped = await started.finished;
    assert.equal(stopped.code, 130, stopped.stderr);
    assert.match(stopped.stderr, /What has come is kept: "ohif-salt models pull sam-vit-b-hf" goes on/u);
    const { stdout } = await succeed(folder, args);
    assert.match(
      stdout,
      /Fetched .*model\.safetensors.*SHA-256 [0-9a-f]{64}: no hash of it has been published: it is recorded now/u,
    );
    assert.deepEqual(requests, [
      { url: '/sam-vit-b-hf/model.safetensors' },
      { url: '/sam-vit-b-hf/model.safetensors', range: `bytes=${half}-` },
    ]);
    assert.match((await succeed(folder, args)).stdout, /There already: .*it is the file that came first/u);
    assert.equal((await listed()).get('sam-vit-b-hf'), 'file');
  });

  test('gives what import, segment and remove take by its name', async () => {
    const imported = await succeed(folder, ['models', 'import', 'sam-vit-b-hf', '--json']);
    assert.equal(importedSchema.parse(JSON.parse(imported.stdout)).name, 'sam-vit-b-hf');
    await segmentWith('sam-vit-b-hf');
    await succeed(folder, ['models', 'remove', 'sam-vit-b-hf', '--yes']);
    assert.ok(!existsSync(inModels('sam-vit-b-hf')));
    assert.equal((await listed()).get('sam-vit-b-hf'), 'available');
  });

  test('refuses another file than the one that came first', async () => {
    await mirror(serveFile(encodeSafetensors(randomSamWeights(CONFIG, 6))));
    assertFailed(
      await run(folder, ['models', 'pull', 'sam-vit-b-hf']),
      3,
      /not the file that came first.*thrown away/u,
    );
  });

  test('and so does import of one that was put in its place by hand', async () => {
    const other = inModels('sam-vit-b-hf', 'model.safetensors');
    mkdirSync(inModels('sam-vit-b-hf'), { recursive: true });
    writeFileSync(other, encodeSafetensors(randomSamWeights(CONFIG, 6)));
    for (const reference of ['sam-vit-b-hf', other]) {
      const done = await run(folder, ['models', 'import', reference, '--name', 'other']);
      assertFailed(done, 3, /is not the file that came first, on 20/u);
    }
    assert.ok(!existsSync(inModels('other')));
    rmSync(inModels('sam-vit-b-hf'), { recursive: true });
  });

  test('says what to do when the mirror does not have it, or has another', async () => {
    await mirror(say(404));
    assertFailed(
      await run(folder, ['models', 'pull', 'sam-vit-b']),
      3,
      /not there \(404\).*put sam_vit_b_01ec64\.pth into/u,
    );
    await mirror(serveFile(CHECKPOINT));
    assertFailed(
      await run(folder, ['models', 'pull', 'sam-vit-b']),
      3,
      /the one that was published has 375042383/u,
    );
    assertFailed(await run(folder, ['models', 'pull', 'sam-vit-x']), 3, /No model "sam-vit-x".*sam-vit-b/u);
    assertFailed(
      await run(folder, ['segment', '--model', 'sam-vit-b', '--out', 'masks', FRAME]),
      3,
      /models pull sam-vit-b/u,
    );
  });

  test('checks a file that was put into the folder by hand', async () => {
    writeFileSync(inModels('sam_vit_b_01ec64.pth'), CHECKPOINT);
    assertFailed(await run(folder, ['models', 'pull', 'sam-vit-b']), 3, /published file has 375042383/u);
  });
});
