import { readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { formatBytes } from '../../protocol/format-bytes.ts';
import { writeFileAtomic } from '../../runtime/files.node.ts';
import { trainLineSchema } from '../events.ts';
import type { TrainLine } from '../events.ts';
import { VERSION } from '../version.ts';
import { command } from './command.ts';
import { claimFolder } from './folder.ts';
import { writeFrames } from './frames.ts';
import { demoPage } from './page.ts';
import type { DemoRun } from './page.ts';

interface Plan {
  readonly key: string;
  readonly title: string;
  readonly about: string;
  /** What `--model` names. */
  readonly model: string;
  readonly train: readonly string[];
}

const PLANS: readonly Plan[] = [
  {
    key: 'unet',
    title: 'A U-Net from scratch, one minute',
    about:
      'A plain network that has seen nothing but the twelve frames painted here. What it segments are frames that it ' +
      'was neither trained on nor judged by while it trained.',
    model: 'unet',
    train: ['--minutes', '1'],
  },
  {
    key: 'salt',
    title: 'SALT on salt-tiny, the model in the box, sixty steps',
    about:
      'A small SAM with a detail head that was pretrained on drawn images. "Before" is what it draws for the word "Vein" ' +
      'without having seen one of these frames.',
    model: 'salt-tiny',
    train: ['--method', 'salt', '--steps', '60'],
  },
];

/**
 * Draws frames, fine-tunes on some, segments the others, and writes one page that shows it. Returns its path.
 * @throws SaltError `INVALID_ARGUMENT` for a folder that holds what no demo wrote; `FILE_UNWRITABLE`
 */
export async function runDemo(folder: string): Promise<string> {
  await claimFolder(folder);
  const data = join(folder, 'frames');
  const test = await writeFrames(data);
  const runs: DemoRun[] = [];
  for (const plan of PLANS) runs.push(await carryOut(plan, folder, data, test));
  const page = join(folder, 'index.html');
  const made = `Made by ohif-salt ${VERSION} on ${new Date().toISOString().slice(0, 10)} with ${availableParallelism()} processor cores. Frames and true vessels are drawn by the program.`;
  await writeFileAtomic(page, new TextEncoder().encode(demoPage(runs, made)));
  return page;
}

const evaluationSchema = z.object({
  images: z.array(z.object({ id: z.string(), scores: z.object({ dice: z.number(), hd95: z.number() }) })),
  summary: z.object({
    metrics: z.object({ dice: z.object({ mean: z.number() }), hd95: z.object({ mean: z.number() }) }),
  }),
});

async function carryOut(plan: Plan, folder: string, data: string, test: readonly string[]): Promise<DemoRun> {
  const adapter = join(folder, `${plan.key}.safetensors`);
  const before = await segmentAndScore(['--model', plan.model], join(folder, plan.key, 'before'), data, test);
  // Of a demo that was interrupted: this one begins anew.
  await rm(`${adapter}.resume`, { recursive: true, force: true });
  const started = performance.now();
  const lines = await command(
    ...['train', '--data', data, '--model', plan.model, ...plan.train, '--out', adapter, '--json'],
  );
  const seconds = (performance.now() - started) / 1000;
  const after = await segmentAndScore(['--adapter', adapter], join(folder, plan.key, 'after'), data, test);
  const events = lines.map((line) => trainLineSchema.parse(JSON.parse(line)));
  return {
    title: plan.title,
    about: plan.about,
    figures: figures(events, seconds, before.evaluation, after.evaluation),
    loss: events.flatMap((event) => (event.kind === 'step' ? [[event.step, event.loss.total] as const] : [])),
    heldOutDice: events.flatMap((event) =>
      event.kind === 'evaluation' ? [[event.step, event.score.dice] as const] : [],
    ),
    frames: await Promise.all(
      test.map(async (name) => ({
        name,
        image: await readFile(join(data, 'images', `${name}.png`)),
        truth: await readFile(join(data, 'masks', `${name}.png`)),
        before: await readFile(join(before.masks, `${name}.png`)),
        after: await readFile(join(after.masks, `${name}.png`)),
        diceBefore: diceOf(before.evaluation, name),
        diceAfter: diceOf(after.evaluation, name),
      })),
    ),
  };
}

type Evaluation = z.infer<typeof evaluationSchema>;

async function segmentAndScore(
  model: readonly string[],
  masks: string,
  data: string,
  test: readonly string[],
): Promise<{ masks: string; evaluation: Evaluation }> {
  const images = test.map((name) => join(data, 'images', `${name}.png`));
  await command('segment', ...model, '--prompt', 'Vein', '--out', masks, ...images);
  const json = await command('evaluate', ...model, '--data', data, '--split', 'test', '--json');
  return { masks, evaluation: evaluationSchema.parse(JSON.parse(json.join('\n'))) };
}

function diceOf({ images }: Evaluation, name: string): number {
  return images.find(({ id }) => id.includes(name))?.scores.dice ?? NaN;
}

function figures(
  events: readonly TrainLine[],
  seconds: number,
  before: Evaluation,
  after: Evaluation,
): [string, string][] {
  const started = events.find((event) => event.kind === 'started');
  const result = events.find((event) => event.kind === 'result');
  const score = ({ summary }: Evaluation): string =>
    `${summary.metrics.dice.mean.toFixed(3)} / ${summary.metrics.hd95.mean.toFixed(1)} px`;
  return [
    ['Dice / HD95 before', score(before)],
    ['Dice / HD95 after', score(after)],
    ['frames: training, held out', `${started?.trainingSamples ?? 0}, ${started?.heldOutSamples ?? 0}`],
    ['trained numbers', (started?.parameters ?? 0).toLocaleString('en')],
    ['time', `${seconds.toFixed(0)} s`],
    ['adapter', formatBytes(result?.bytes ?? 0)],
  ];
}
