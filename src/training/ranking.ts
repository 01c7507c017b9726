import type { FloatTensor } from '../graph/tensor.ts';
import type { HeldOutScore } from '../protocol/events.ts';
import type { EvaluationRecord } from './job.ts';
import type { TrainingState } from './training-state.ts';

export interface Best {
  readonly step: number;
  /** Null where nothing is held out: the latest is then the best. */
  readonly score: HeldOutScore | null;
  /** One vector for each segment. */
  readonly parameters: readonly FloatTensor[];
}

/** Remembers how each evaluated step did, and the parameters of the best. */
export class Ranking {
  readonly history: EvaluationRecord[];
  best: Best | undefined;
  /** Evaluations in a row without a higher Dice. */
  stale: number;

  constructor(history: readonly EvaluationRecord[] = [], best?: Best, stale = 0) {
    this.history = [...history];
    this.best = best;
    this.stale = stale;
  }

  /** The start is remembered but not in the running: of two that score nothing, the trained one is kept. */
  recordStart(score: HeldOutScore): void {
    this.history.push({ step: 0, score });
  }

  /** @returns whether the candidate is the best; of equals, the later */
  record(candidate: Best): boolean {
    const { step, score } = candidate;
    if (score) this.history.push({ step, score });
    const dice = score?.dice ?? 0;
    const before = this.best?.score?.dice ?? 0;
    const isBest = !this.best || dice >= before;
    this.stale = !this.best || dice > before ? 0 : this.stale + 1;
    if (isBest) this.best = candidate;
    return isBest;
  }
}

/** As it was when the state was saved; a new run's without. */
export function rankingOf(state: TrainingState | undefined): Ranking {
  if (!state) return new Ranking();
  const best = state.best && { ...state.best, parameters: state.bestParameters };
  return new Ranking(state.history, best ?? undefined, state.stale);
}
