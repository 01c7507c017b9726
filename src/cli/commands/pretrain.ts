import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import type { FloatTensor } from '../../graph/tensor.ts';
import { samMetadata } from '../../model/checkpoint/load-sam.ts';
import { readTensors } from '../../model/checkpoint/read-tensors.node.ts';
import { encodeSafetensors } from '../../model/checkpoint/safetensors-writer.ts';
import { weightsHash } from '../../model/checkpoint/weights-hash.ts';
import { DETAIL_PREFIX } from '../../model/detail/index.ts';
import { SALT_TINY, SALT_TINY_DETAIL } from '../../model/salt-tiny.ts';
import { SaltError } from '../../protocol/errors.ts';
import { unwritable, writeFileAtomic } from '../../runtime/files.node.ts';
import { pretrain } from '../../training/pretraining/pretrain.ts';
import type { PretrainingEvent } from '../../training/pretraining/pretrain.ts';
import { pretrainingSettingsSchema } from '../../training/pretraining/settings.ts';
import type { PretrainingInput } from '../../training/pretraining/settings.ts';
import { isPretrainingState } from '../../training/pretraining/state.ts';
import type { Console } from '../console.ts';
import { openDevice } from '../jobs/device.ts';
import { consoleOf, deviceOf, withDevice, withOutput } from '../options.ts';
import type { CommonOptions, DeviceCliOptions } from '../options.ts';
import { checkpointsIn, requireNothingToResume, whileOwned } from '../unfinished-run.ts';
import { formatSeconds, wholeNumber } from '../values.ts';

interface PretrainOptions extends CommonOptions, DeviceCliOptions {
  readonly out: string;
  readonly steps: number;
  readonly seed: number;
  readonly from?: string;
  readonly head?: string;
  readonly imagesPerStep: number;
  readonly resume: boolean;
}

/** A full run: by the 1.1 s a step of a shorter one, about four hours on two cores. */
const STEPS = 12_000;
const TELL_EVERY = 50;
/**
 * Whoever goes on has had the first lesson, and clicks and boxes. At this rate the loss of weights that have learnt first rises
 * by a third, and comes down again as the rate falls. Small structures weigh less and less, at the end no more than others:
 * masks had come out too wide.
 */
const GOING_ON = {
  firstLesson: 0,
  samAlone: 0,
  spatial: { from: 1, to: 1 },
  onlyPresent: 0.5,
  promptsPerImage: 6,
  rarity: { shares: [0.06, 0.04, 0.02, 0.01, 0], floor: 0.004 },
  evaluateEvery: 500,
  schedule: { learningRate: 2.5e-4, warmUpSteps: 100, decay: { kind: 'cosine', floor: 0.01 } },
} as const satisfies Partial<PretrainingInput>;

export function addPretrain(program: Command): void {
  const command = program
    .command('pretrain')
    .summary('make the model that ships, from drawn images alone')
    .description(
      'Trains salt-tiny from scratch on images that are drawn as it goes, and writes salt-tiny.safetensors (float16) ' +
        'and pretraining.json (settings, losses, evaluations). Equal seeds and steps give equal weights on the processor.',
    )
    .requiredOption('--out <dir>', 'where to write; the state for --resume as well')
    .option('--steps <n>', 'training steps', wholeNumber(1, 10_000_000), STEPS)
    .option('--images-per-step <n>', 'images in each step', wholeNumber(1, 64), 1)
    .option('--seed <n>', 'of weights, images and prompts', wholeNumber(0, 2 ** 20), 1)
    .option('--from <file>', 'weights of an earlier run to start from: a salt-tiny.safetensors')
    .addOption(
      new Option('--head <file>', 'weights of an earlier run whose detail head to start from').conflicts(
        'from',
      ),
    )
    .option('--resume', 'go on from the state in --out', false);
  withDevice(command);
  withOutput(command).action(runPretrain);
}

async function runPretrain(options: PretrainOptions): Promise<void> {
  const { out, resume } = options;
  const console = consoleOf(options);
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(out, cause);
  });
  await whileOwned(out, console, async () => {
    // Hours of work, finished or not.
    if (!resume) await requireNothingToResume(out, isPretrainingState);
    await pretrainInto(options, console);
  });
}

async function pretrainInto(options: PretrainOptions, console: Console): Promise<void> {
  const { out, steps, seed, from, head, imagesPerStep, resume } = options;
  const { executor } = await openDevice(deviceOf(options), () => undefined);
  let stopped = false;
  process.once('SIGINT', () => (stopped = true));
  const path = from ?? head;
  const earlier = path === undefined ? undefined : await readTensors(path);
  const hash = earlier && (await weightsHash(earlier));
  const start = head === undefined ? earlier : headOf(earlier, head);
  const settings = pretrainingSettingsSchema.parse({
    steps,
    seed,
    imagesPerStep,
    ...(from !== undefined && { from: hash, ...GOING_ON }),
    ...(head !== undefined && { head: hash }),
  });
  const result = await pretrain(settings, {
    executor,
    store: checkpointsIn(out),
    resume,
    ...(start && { start }),
    onEvent: (event) => tell(event, console),
    shouldStop: () => stopped,
  });
  await executor.dispose();
  if (!result.finished) {
    throw new SaltError('CANCELLED', `Stopped at step ${result.steps}. Go on with --resume.`);
  }
  const file = encodeSafetensors(result.weights, samMetadata(SALT_TINY, SALT_TINY_DETAIL), { dtype: 'F16' });
  const written = join(out, 'salt-tiny.safetensors');
  await writeFileAtomic(written, file);
  const { seconds, history } = result;
  const log = { settings, seconds, history };
  await writeFileAtomic(
    join(out, 'pretraining.json'),
    new TextEncoder().encode(JSON.stringify(log, null, 1)),
  );
  console.result(`Wrote ${written} after ${formatSeconds(seconds)}.`, { path: written, seconds });
}

/** Of weights, those of the detail head. @throws SaltError `CHECKPOINT_MISMATCH` where there is none */
function headOf(
  weights: ReadonlyMap<string, FloatTensor> | undefined,
  path: string,
): ReadonlyMap<string, FloatTensor> {
  const head = new Map([...(weights ?? [])].filter(([name]) => name.startsWith(DETAIL_PREFIX)));
  if (head.size > 0) return head;
  throw new SaltError('CHECKPOINT_MISMATCH', `${path} has no detail head. Name a salt-tiny.safetensors.`);
}

function tell(event: PretrainingEvent, console: Console): void {
  switch (event.kind) {
    case 'started':
      console.tell(`${event.parameters} parameters, from step ${event.step}.`);
      return;
    case 'step': {
      if (event.step % TELL_EVERY !== 0) return;
      const { step, loss, learningRate, secondsPerStep, secondsLeft } = event;
      console.tell(
        `step ${step}: loss ${loss.toFixed(4)}, rate ${learningRate.toExponential(2)}, ` +
          `${secondsPerStep.toFixed(2)} s a step, ${formatSeconds(secondsLeft)} left`,
      );
      return;
    }
    case 'evaluation': {
      const { dice, emptyWhereAbsent, mean } = event.score;
      const list = (of: Readonly<Record<string, number>>): string =>
        Object.entries(of)
          .map(([name, value]) => `${name} ${value.toFixed(2)}`)
          .join(', ');
      console.tell(
        `mean Dice ${mean.toFixed(3)}: ${list(dice)}; empty where absent: ${list(emptyWhereAbsent)}`,
      );
      return;
    }
    case 'warning':
      console.tell(event.message);
  }
}
