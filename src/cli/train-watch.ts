import type { TrainingEvent } from '../protocol/events.ts';
import type { RunDescription } from '../training/adapter-of-run.ts';
import type { Keepsake } from '../training/job.ts';
import type { Console, Progress } from './console.ts';
import type { TrainLine } from './events.ts';
import type { TrainEvent } from './jobs/train-request.ts';
import { tellEvent } from './tell-event.ts';
import { formatBytes } from '../protocol/format-bytes.ts';
import { formatSeconds } from './values.ts';

/** Shows a training run, and holds what is needed to keep its best should it end early. */
export class TrainWatch {
  readonly #console: Console;
  readonly #progress: Progress;
  #description: RunDescription | undefined;
  #best: Keepsake | undefined;
  #stepsPerEpoch = 1;
  #steps = 0;
  #heldOut: string = '';

  constructor(console: Console) {
    this.#console = console;
    this.#progress = console.progress();
  }

  get description(): RunDescription | undefined {
    return this.#description;
  }

  /** The best so far, or the latest where nothing is held out. */
  get best(): Keepsake | undefined {
    return this.#best;
  }

  get stepsPerEpoch(): number {
    return this.#stepsPerEpoch;
  }

  stop(): void {
    this.#progress.stop();
  }

  take(event: TrainEvent): void {
    switch (event.kind) {
      case 'run':
        this.#description = event.description;
        break;
      case 'best':
        this.#best = event.keepsake;
        break;
      case 'training':
        this.#console.event(event.event satisfies TrainLine);
        this.#show(event.event);
        break;
      default:
        this.#console.event(event satisfies TrainLine);
        tellEvent(event, this.#console, this.#progress);
    }
  }

  #show(event: TrainingEvent): void {
    const console = this.#console;
    switch (event.kind) {
      case 'started': {
        this.#stepsPerEpoch = Math.max(1, event.stepsPerEpoch);
        const { parameters, trainingSamples, heldOutSamples, reason, resumedAt } = event;
        console.tell(
          `Training ${parameters.toLocaleString('en')} numbers on ${trainingSamples} frames; ${heldOutSamples} held out.`,
        );
        console.tell(reason);
        if (resumedAt > 0) console.tell(`Going on after step ${resumedAt}.`);
        break;
      }
      case 'planned':
        this.#steps = event.steps;
        console.tell(`About ${event.steps} steps; evaluated every ${event.evaluateEvery}.`);
        break;
      case 'step': {
        const { step, loss, imagesPerSecond, secondsLeft, fraction } = event;
        // A run that time limits may do more steps than were planned.
        const of = step <= this.#steps ? ` of ${this.#steps}` : '';
        const left = secondsLeft === null ? '' : `, ${formatSeconds(secondsLeft)} left`;
        this.#progress.update(
          fraction,
          `step ${step}${of}, loss ${loss.total.toFixed(4)}${this.#heldOut}, ` +
            `${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 2 : 0)} images/s${left}`,
        );
        break;
      }
      case 'evaluation': {
        const { step, score, best } = event;
        this.#heldOut = `, Dice ${score.dice.toFixed(3)}`;
        console.tell(
          `${step === 0 ? 'Before training' : `Step ${step}`}: ${scoreText(score)}${best ? ', the best so far' : ''}`,
        );
        break;
      }
      case 'warning':
        console.warn(event.message);
        break;
      case 'checkpoint':
        break;
      case 'finished':
        this.#progress.stop();
        console.tell(
          `${ENDINGS[event.reason]} after ${event.step} steps and ${formatSeconds(event.seconds)}.`,
        );
        break;
    }
  }
}

const ENDINGS = {
  budget: 'Done',
  patience: 'Stopped because it no longer got better,',
  cancelled: 'Cancelled',
} as const;

function scoreText({ dice, hd95 }: NonNullable<Keepsake['score']>): string {
  return `held-out Dice ${dice.toFixed(3)}, HD95 ${hd95.toFixed(1)} px`;
}

/** One line on what a run left behind. */
export function keptText(path: string, bytes: number, { step, score }: Keepsake): string {
  return `${path} (${formatBytes(bytes)}): step ${step}${score ? `, ${scoreText(score)}` : ''}`;
}
