import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import {
  CPU,
  ROOT,
  assertFailed,
  linesOf,
  run,
  succeed,
  trainLines,
  workFolder,
  writeDataset,
} from './cli.ts';
import { asOtherNode } from './other-node.ts';

const folder = workFolder();
const REFERENCES = ['all-global', 'batch-2'].map((name) => join(ROOT, `test/reference/${name}.safetensors`));

const verificationSchema = z.strictObject({
  passed: z.boolean(),
  files: z.array(
    z.strictObject({
      file: z.string(),
      verification: z.strictObject({
        passed: z.boolean(),
        groups: z.array(
          z.strictObject({
            group: z.enum(['outputs', 'saltOutputs', 'losses', 'gradients']),
            limit: z.number(),
            passed: z.boolean(),
            comparisons: z.array(z.strictObject({ tensor: z.string(), error: z.number() })),
          }),
        ),
      }),
    }),
  ),
  problems: z.array(z.string()),
});

describe('verify', () => {
  test('passes references made elsewhere', async () => {
    const { stdout } = await succeed(folder, ['verify', ...REFERENCES, '--device', 'cpu', '--json']);
    const { passed, files } = verificationSchema.parse(JSON.parse(stdout));
    assert.equal(passed, true);
    assert.deepEqual(
      files.map(({ verification }) => verification.groups.every(({ comparisons }) => comparisons.length > 0)),
      [true, true],
    );
  });

  test('fails with 1 on a tampered copy, and names the tensor', async () => {
    const [reference = ''] = REFERENCES;
    const bytes = readFileSync(reference);
    const header = bytes.readUInt32LE(0);
    const entries = z
      .record(z.string(), z.object({ data_offsets: z.tuple([z.int(), z.int()]).optional() }).loose())
      .parse(JSON.parse(bytes.toString('utf8', 8, 8 + header)));
    const at = 8 + header + (entries['loss/focal']?.data_offsets?.[0] ?? NaN);
    bytes.writeFloatLE(bytes.readFloatLE(at) * 1.001, at);
    writeFileSync(join(folder, 'tampered.safetensors'), bytes);
    const { code, stdout, stderr } = await run(folder, ['verify', 'tampered.safetensors', '--device', 'cpu']);
    assert.equal(code, 1);
    assert.match(stdout, /losses.*FAILED \(focal\)/u);
    assert.match(stdout, /outputs.*passed/u);
    assert.match(stderr, /^Error: .*tampered\.safetensors/mu);
  });
});

test('parameters prints the published table, with what each percentage refers to', async () => {
  const { stdout } = await succeed(folder, ['parameters']);
  const trained = stdout.match(/^\S+\s+[\d.]+ M/gmu)?.map((row) => row.replace(/\s+/gu, ' '));
  assert.deepEqual(trained, [
    'S-SAM 1.04 M',
    'LoRA-4 1.48 M',
    'LoRA-256 33.99 M',
    'SALT-4 1.14 M',
    'SALT-256 9.93 M',
  ]);
  assert.match(stdout, /share 1: of SAM alone at 512 px, 91\.34 M/u);
  assert.match(stdout, /share 2: of SAM at 512 px with CLIP/u);
});

test('parameters counts any method on any model', async () => {
  const { stdout } = await succeed(folder, [
    ...[
      'parameters',
      '--model',
      'random:tiny',
      '--method',
      'lora',
      '--rank',
      '2',
      '--layers',
      'qkv',
      '--json',
    ],
  ]);
  const schema = z.object({
    rows: z.array(z.object({ count: z.object({ groups: z.object({ adapter: z.int() }) }) })),
  });
  // Two blocks, rank 2 x (32 in + 96 out).
  assert.equal(schema.parse(JSON.parse(stdout)).rows[0]?.count.groups.adapter, 2 * 2 * (32 + 96));
});

test('parameters counts what train announces, the detail head included', async () => {
  const method = ['--model', 'salt-tiny', '--method', 'head'];
  const table = await succeed(folder, ['parameters', ...method]);
  assert.match(table.stdout, /detail head/u);
  assert.doesNotMatch(table.stdout, /Without the detail head/u);
  const counted = await succeed(folder, ['parameters', ...method, '--json']);
  const schema = z.object({ rows: z.array(z.object({ count: z.object({ trainable: z.int() }) })) });
  writeDataset(folder, 'frames');
  const sizes = ['--image-size', '64', '--tiles', 'whole', '--steps', '1', '--batch', '1'];
  const data = ['--data', 'frames', '--prompt', 'vessel', '--out', 'head.safetensors'];
  const trained = await succeed(folder, ['train', ...method, ...data, ...sizes, ...CPU, '--json']);
  const [started] = linesOf(trainLines(trained.stdout), 'started');
  assert.equal(schema.parse(JSON.parse(counted.stdout)).rows[0]?.count.trainable, started?.parameters);
});

test('parameters says that train gives a head to a SAM that has none', async () => {
  const { stdout } = await succeed(folder, ['parameters', '--model', 'random:tiny', '--method', 'head']);
  assert.match(stdout, /^Without the detail head that "train" gives/mu);
});

test('parameters refuses a size for a U-Net, in which it makes no difference', async () => {
  const done = await run(folder, ['parameters', '--model', 'unet', '--image-size', '512']);
  assertFailed(done, 2, /leave it out/u);
});

test('doctor names every device of Node, and a way to mend what is missing', async () => {
  const { stdout } = await succeed(folder, ['doctor', '--json']);
  const check = z.strictObject({
    name: z.string(),
    state: z.enum(['ok', 'note', 'fault']),
    found: z.string().min(1),
    fix: z.string().min(1).optional(),
  });
  const { checks, healthy } = z
    .object({ healthy: z.boolean(), checks: z.array(check) })
    .parse(JSON.parse(stdout));
  assert.equal(healthy, true);
  for (const name of ['Node', 'device cuda', 'device webgpu', 'device cpu', 'memory', 'cache', 'models']) {
    const found = checks.find((each) => each.name === name);
    assert.ok(found, name);
    assert.equal(found.fix === undefined, found.state === 'ok', name);
  }
});

test('doctor says that Node is too old, and which would do', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [...asOtherNode('20.18.3'), join(ROOT, 'dist/cli/main.js'), 'doctor'],
    { cwd: folder, encoding: 'utf8' },
  );
  assert.equal(status, 1);
  assert.match(stdout, /^NO +Node +20\.18\.3 [^]*Install Node 20\.19 or newer/mu);
});

test('models list names what --model takes', async () => {
  const { stdout } = await succeed(folder, ['models', 'list']);
  assert.match(stdout, /^unet /mu);
  assert.match(stdout, /^random:b .*knows nothing/mu);
});

test('every command explains itself, with an example', async () => {
  const commands = ['train', 'segment', 'evaluate', 'parameters', 'verify', 'doctor', 'models'];
  const texts = await Promise.all(commands.map((command) => succeed(folder, [command, '--help'])));
  for (const [i, command] of commands.entries()) {
    assert.match(texts[i]?.stdout ?? '', new RegExp(`Examples?:[^]*ohif-salt ${command}`, 'u'));
  }
});
