import { SaltError } from '../protocol/errors.ts';
import type { ErrorCode } from '../protocol/errors.ts';

/** How far a new run got: its model and frames were there, or a step was done. */
export type Reached = 'nothing' | 'start' | 'step';

/** Would be said again, whenever the run is resumed: what was asked cannot be done. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['INVALID_ARGUMENT', 'DATASET_INVALID']);

/** Whether a new run that failed stays, to be resumed: what it has learnt is never lost, nor is what may go well another time. */
export function isKept(error: unknown, reached: Reached): boolean {
  const code = error instanceof SaltError ? error.code : undefined;
  if (code === 'DEVICE_LOST') return true;
  return reached === 'start' ? !code || !REFUSALS.has(code) : reached === 'step';
}
