/**
 * The published checkpoints, as far as that can be shown without them: the same names, shapes and pickle layout, made
 * by Meta's and transformers' own modules with random numbers, through `import`, `segment` and a step of training.
 * See published.py. ViT-B always; OHIF_SALT_SIZES=b,l,h asks for the others.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CPU, readAdapterFile, start, workFolder, writeDataset } from '../cli/cli.ts';

const PYTHON = process.env.OHIF_SALT_PYTHON;
const SCRIPT = fileURLToPath(new URL('published.py', import.meta.url));
const SIZES = (process.env.OHIF_SALT_SIZES ?? 'b').split(',');

/** Bytes that making and training one takes, and what its files take on the disk. */
const NEEDS = {
  b: { memory: 4e9, disk: 2e9 },
  l: { memory: 8e9, disk: 5e9 },
  h: { memory: 14e9, disk: 9e9 },
};

const PARAMETERS = { b: 93_735_472, l: 312_342_832, h: 641_090_608 };

const importedSchema = z.object({
  architecture: z.string(),
  parameters: z.number(),
  weightsHash: z.string(),
  source: z.object({ naming: z.string(), dtypes: z.array(z.string()) }),
  shards: z.array(z.object({ bytes: z.number() })),
  rounding: z.object({ numberError: z.number() }),
});

function python(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON ?? '', [SCRIPT, ...args], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** Runs the program; tells its seconds and, where the system says, the most memory that it held. */
async function measure(
  t: TestContext,
  folder: string,
  what: string,
  args: readonly string[],
): Promise<string> {
  const started = performance.now();
  const { child, finished } = start(folder, args);
  let peak = 0;
  const watch = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
      peak = Number(/^VmHWM:\s+(\d+) kB$/mu.exec(status)?.[1] ?? peak);
    } catch {
      // gone, or not Linux
    }
  }, 100);
  const { code, stdout, stderr } = await finished;
  clearInterval(watch);
  assert.equal(code, 0, stderr);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  t.diagnostic(`${what}: ${seconds} s${peak > 0 ? `, ${(peak / 2 ** 20).toFixed(2)} GiB at most` : ''}`);
  return stdout;
}

/** Why a size cannot be tried here; undefined when it can. */
async function lacks(folder: string, size: keyof typeof NEEDS): Promise<string | undefined> {
  const { memory, disk } = NEEDS[size];
  const { bavail, bsize } = await statfs(folder);
  if (freemem() < memory) return `needs ${memory / 1e9} GB of free memory`;
  if (bavail * bsize < disk) return `needs ${disk / 1e9} GB of free disk`;
  return undefined;
}

async function through(
  t: TestContext,
  size: keyof typeof NEEDS,
  naming: 'meta' | 'hugging-face',
): Promise<void> {
  const folder = workFolder();
  const reason = await lacks(folder, size);
  if (reason !== undefined) return t.skip(reason);
  const file = naming === 'meta' ? `sam_vit_${size}.pth` : 'model.safetensors';
  try {
    python('make', join(folder, file), size, naming);
    writeDataset(folder, 'data', 64);
    const imported = await measure(t, folder, 'import', [
      ...['models', 'import', file, '--name', 'sam', '--no-svd', '--json'],
    ]);
    const { architecture, parameters, source, weightsHash, shards, rounding } = importedSchema.parse(
      JSON.parse(imported),
    );
    assert.match(architecture, new RegExp(`^SAM ViT-${size.toUpperCase()}, `, 'u'));
    assert.equal(parameters, PARAMETERS[size] + 256);
    assert.deepEqual(source.dtypes, ['F32']);
    assert.equal(source.naming, naming === 'meta' ? 'Meta' : 'Hugging Face');
    assert.ok(rounding.numberError > 0 && rounding.numberError <= 2 ** -11);
    assert.ok(shards.every(({ bytes }) => bytes < 70e6));
    const report = z
      .object({ compared: z.int() })
      .parse(JSON.parse(python('check', join(folder, file), join(folder, 'models/sam'))));
    assert.ok(report.compared > 300);
    rmSync(join(folder, file));

    const side = ['--image-size', '128'];
    await measure(t, folder, 'segment', [
      ...['segment', '--model', 'sam', '--prompt', 'Vein', '--out', 'masks', 'data/images/f0.png'],
      ...side,
      ...CPU,
    ]);
    assert.ok(readdirSync(join(folder, 'masks')).length > 0);

    const salt = [
      '--method',
      'salt',
      '--layers',
      'proj',
      '--last-blocks',
      '1',
      '--rank',
      '700',
      '--lora-rank',
      '4',
    ];
    await measure(t, folder, 'a step of training', [
      ...[
        'train',
        '--data',
        'data',
        '--model',
        'sam',
        '--steps',
        '1',
        '--batch',
        '1',
        '--out',
        'adapter.safetensors',
      ],
      ...salt,
      ...side,
      ...CPU,
    ]);
    const { model } = readAdapterFile(folder, 'adapter.safetensors').info;
    assert.equal(model.kind === 'sam' && model.weightsHash, weightsHash);
    assert.ok(existsSync(join(folder, 'cache/svd')), 'the decomposition is kept');
  } finally {
    // Gigabytes: not until the end of all tests.
    rmSync(folder, { recursive: true, force: true });
  }
}

describe(
  'checkpoints of the published sizes',
  { skip: PYTHON === undefined && 'OHIF_SALT_PYTHON names no Python' },
  () => {
    for (const size of ['b', 'l', 'h'] as const) {
      const skip = !SIZES.includes(size) && `OHIF_SALT_SIZES does not name ${size}`;
      test(`ViT-${size.toUpperCase()} as Meta's .pth`, { skip }, (t) => through(t, size, 'meta'));
    }
    test("ViT-B as Hugging Face's safetensors", { skip: !SIZES.includes('b') }, (t) =>
      through(t, 'b', 'hugging-face'),
    );
  },
);
