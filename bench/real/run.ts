/**
 * The table of accuracy on real images: `OHIF_SALT_DATA=... npm run bench:real`. Every cell is a run of the program's
 * own commands (train, then evaluate), as a user would type them. Cells that are done are kept in
 * bench/results/real-images.json, so that a run can be interrupted; `--only drive:1:salt` does some of them.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { trainLineSchema } from '../../src/cli/events.ts';
import { layOut } from './prepare.ts';
import type { DataSetName, Folders, FrameCount } from './prepare.ts';
import { paintedOnAnother } from './painted-on-another.ts';
import { writeRandomEncoder } from './random-encoder.ts';

const RESULTS = new URL('../results/real-images.json', import.meta.url);
const WORK = join(tmpdir(), 'ohif-salt-real');

const TELL_PEAK = new URL('tell-peak.mjs', import.meta.url).href;
const RANDOM_ENCODER = join(WORK, 'random-encoder.safetensors');

const wordScoreSchema = z.strictObject({ dice: z.number(), hd95: z.number().nullable() });
const cellSchema = z.strictObject({
  cell: z.string(),
  frames: z.array(z.string()),
  /** What training was given; null where it was given a number of steps (see `cost`). */
  minutes: z.number().nullable(),
  /** Wall clock of the whole `train` command. */
  seconds: z.number().nullable(),
  /**
   * What training cost; absent from cells without any, and from those measured before 2026-11-26, 12:00. The peak is absent where
   * `train` was started by hand.
   */
  cost: z
    .strictObject({ trainedNumbers: z.int(), steps: z.int(), peakMegabytes: z.number().optional() })
    .optional(),
  scores: z.record(z.string(), wordScoreSchema),
  /** Where there are several words: of what each was given, the share that lies on another's structure. */
  paintedOnAnother: z.record(z.string(), z.number()).optional(),
});
type Cell = z.infer<typeof cellSchema>;

/** How each contender is trained; `zero` cells are evaluated without training. */
const CONTENDERS: Readonly<Record<string, readonly string[]>> = {
  salt: ['--model', 'salt-tiny'],
  ssam: ['--model', 'salt-tiny', '--method', 'ssam'],
  lora: ['--model', 'salt-tiny', '--method', 'lora', '--rank', '4'],
  norm: ['--model', 'salt-tiny', '--method', 'norm'],
  full: ['--model', 'salt-tiny', '--method', 'full'],
  /** SAM frozen. Without SAM it is the U-Net from the shipped head. */
  head: ['--model', 'salt-tiny', '--method', 'head'],
  'salt-without-head': ['--model', 'salt-tiny', '--no-detail'],
  /** SALT on an encoder that was never trained, beside a head that was. */
  'random-encoder': ['--model', RANDOM_ENCODER],
  unet: ['--model', 'unet'],
  'unet-pretrained': ['--model', 'unet', '--pretrained'],
};

/** Minutes by data set and number of frames, as the table asks. */
const MINUTES: Readonly<Record<DataSetName, Readonly<Record<FrameCount, number>>>> = {
  drive: { 1: 2, 3: 5, all: 15 },
  chase: { 1: 2, 3: 5, all: 15 },
  octa: { 1: 2, 3: 5, all: 15 },
  avrdb: { 1: 4, 3: 4, all: 4 },
};

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: ['drive:zero:salt'] },
    seeds: { type: 'string', default: '1,2,3' },
    minutes: { type: 'string' },
    /** As many as fit into the table's minutes on another machine: cells of a slow one then compare with its. */
    steps: { type: 'string' },
    flips: { type: 'string', default: '4' },
  },
});

interface Ran {
  readonly stdout: string;
  readonly seconds: number;
  readonly peakMegabytes: number;
}

function program(args: readonly string[]): Ran {
  const before = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--import', TELL_PEAK, 'src/cli/main.ts', ...args],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (status !== 0) throw new Error(`ohif-salt ${args.join(' ')} ended with ${status}:\n${stderr}`);
  const peakMegabytes = Math.round(Number(/peak megabytes ([\d.]+)\s*$/.exec(stderr)?.[1]));
  return { stdout, seconds: (performance.now() - before) / 1000, peakMegabytes };
}

/** @param stdout of `train --json` */
function costOf({ stdout, peakMegabytes }: Ran): Cell['cost'] {
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => trainLineSchema.parse(JSON.parse(line)));
  const started = lines.find((line) => line.kind === 'started');
  const finished = lines.find((line) => line.kind === 'finished');
  if (!started || !finished) throw new Error('train --json told neither its start nor its end.');
  return { trainedNumbers: started.parameters, steps: finished.step, peakMegabytes };
}

const evaluationSchema = z.looseObject({
  summary: z.looseObject({
    metrics: z.looseObject({
      dice: z.looseObject({ mean: z.number().nullable() }),
      hd95: z.looseObject({ mean: z.number().nullable() }),
    }),
  }),
});

function evaluate(model: readonly string[], folder: string, words: readonly string[]): Cell['scores'] {
  return Object.fromEntries(
    words.map((word) => {
      const { stdout } = program([
        'evaluate',
        ...model,
        '--data',
        folder,
        '--prompt',
        word,
        '--flips',
        options.flips,
        '--json',
      ]);
      const { dice, hd95 } = evaluationSchema.parse(JSON.parse(stdout)).summary.metrics;
      return [word, { dice: dice.mean ?? 0, hd95: hd95.mean }];
    }),
  );
}

/** Masks as each word alone is answered: they may overlap. */
async function confusion(model: readonly string[], folder: string, words: readonly string[]) {
  if (words.length < 2) return {};
  const masks = join(WORK, 'masks');
  rmSync(masks, { recursive: true, force: true });
  const prompts = words.flatMap((word) => ['--prompt', word]);
  const how = [...model, ...prompts, '--flips', options.flips];
  program(['segment', ...how, '--out', masks, join(folder, 'images')]);
  return { paintedOnAnother: await paintedOnAnother(masks, folder, words) };
}

async function runCell(
  cell: string,
  contender: string,
  folders: Folders,
  minutes: number,
  seed: number,
): Promise<Cell> {
  const { words } = folders;
  const prompts = words.flatMap((word) => ['--prompt', word]);
  if (minutes === 0) {
    const model = ['--model', 'salt-tiny'];
    const scores = evaluate(model, folders.test, words);
    return {
      cell,
      frames: [],
      minutes: 0,
      seconds: null,
      scores,
      ...(await confusion(model, folders.test, words)),
    };
  }
  const adapter = join(WORK, `${cell.replaceAll(':', '-')}.safetensors`);
  // Of a cell that was interrupted: it is measured whole.
  rmSync(`${adapter}.resume`, { recursive: true, force: true });
  const ran = program([
    'train',
    ...(CONTENDERS[contender] ?? []),
    '--data',
    folders.train,
    ...prompts,
    ...(options.steps === undefined ? ['--minutes', String(minutes)] : ['--steps', options.steps]),
    '--seed',
    String(seed),
    '--held-out',
    '0',
    '--out',
    adapter,
    '--json',
  ]);
  const base = contender === 'random-encoder' ? ['--model', RANDOM_ENCODER] : [];
  const model = ['--adapter', adapter, ...base];
  return {
    cell,
    frames: [...folders.frames],
    minutes: options.steps === undefined ? minutes : null,
    seconds: ran.seconds,
    cost: costOf(ran),
    scores: evaluate(model, folders.test, words),
    ...(await confusion(model, folders.test, words)),
  };
}

function readResults(): Cell[] {
  try {
    return z.array(cellSchema).parse(JSON.parse(readFileSync(RESULTS, 'utf8')));
  } catch (error) {
    // Cells that cannot be read are never written over.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

mkdirSync(WORK, { recursive: true });
const dataSetSchema = z.enum(['drive', 'chase', 'octa', 'avrdb']);
const countSchema = z.enum(['zero', '1', '3', 'all']);
for (const pattern of options.only) {
  const [set, count, contender = ''] = pattern.split(':');
  const name = dataSetSchema.parse(set);
  const wanted = countSchema.parse(count);
  if (!(contender in CONTENDERS)) throw new Error(`There is no contender "${contender}".`);
  const frames: FrameCount = wanted === '1' ? 1 : wanted === '3' ? 3 : 'all';
  const seeds = wanted === 'zero' && name !== 'avrdb' ? ['1'] : options.seeds.split(',');
  for (const seed of seeds) {
    const cell = `${pattern}:${seed}`;
    const before = readResults();
    if (before.some((done) => done.cell === cell)) continue;
    const folders = await layOut(name, frames, Number(seed), WORK);
    const minutes = wanted === 'zero' ? 0 : Number(options.minutes ?? MINUTES[name][frames]);
    if (contender === 'random-encoder') await writeRandomEncoder(RANDOM_ENCODER, Number(seed));
    const result = await runCell(cell, contender, folders, minutes, Number(seed));
    const all = [...readResults(), result].sort((a, b) => (a.cell < b.cell ? -1 : 1));
    writeFileSync(RESULTS, `${JSON.stringify(all, null, 1)}\n`);
    process.stdout.write(`${cell} ${JSON.stringify(result.scores)} ${result.seconds?.toFixed(0) ?? '-'} s\n`);
  }
}
