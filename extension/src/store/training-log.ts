import type { HeldOutScore, TrainingEvent } from '../../../src/protocol/events.ts';

/** The curves of a run. */
export interface TrainingLog {
  /** Mean loss, each point of as many steps as keep the list short. */
  readonly loss: readonly { readonly step: number; readonly value: number }[];
  readonly dice: readonly { readonly step: number; readonly value: number }[];
  /** Steps done. */
  readonly step: number;
  /** Of the whole run, where known. */
  readonly steps: number | null;
  /** Held-out score before the first step. */
  readonly before: HeldOutScore | undefined;
}

/** Points of a curve at most; a panel is not wider. */
const MAX_POINTS = 600;

/** The log after an event. */
export function logEvent(log: TrainingLog, event: TrainingEvent): TrainingLog {
  switch (event.kind) {
    case 'started':
      return { ...log, step: event.resumedAt };
    case 'planned':
      return { ...log, steps: event.steps };
    case 'step':
      return {
        ...log,
        step: event.step,
        loss: thin([...log.loss, { step: event.step, value: event.loss.total }]),
      };
    case 'evaluation':
      return {
        ...log,
        dice: thin([...log.dice, { step: event.step, value: event.score.dice }]),
        ...(event.step === 0 && { before: event.score }),
      };
    case 'checkpoint':
    case 'warning':
    case 'finished':
      return log;
  }
}

/** Halves a curve that has grown too long: neighbours become their mean. */
function thin(points: TrainingLog['loss']): TrainingLog['loss'] {
  if (points.length <= MAX_POINTS) return points;
  return points.flatMap((point, index) => {
    const next = points[index + 1];
    if (index % 2 === 1) return [];
    return next ? [{ step: next.step, value: (point.value + next.value) / 2 }] : [point];
  });
}
