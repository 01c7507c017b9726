import { SaltError } from '../protocol/errors.ts';
import type { TrainingJob } from './job.ts';

/**
 * What a run is, setting by setting, and what each sample teaches (`lessonsOf`): two runs with equal fingerprints take the same
 * steps, unless pictures were changed under their names.
 */
export type Fingerprint = Readonly<Record<string, string>>;

/** Begins the name of an entry that says what a sample teaches; its id follows. */
export const LESSON = 'lesson.';

/** Without lessons, which are read from files. */
export function fingerprintOf(
  { subject, settings }: TrainingJob,
  split: { readonly train: readonly { id: string }[]; readonly heldOut: readonly { id: string }[] },
): Fingerprint {
  const { batchSize, imageSize } = subject.model;
  const ids = (samples: readonly { id: string }[]) => JSON.stringify(samples.map(({ id }) => id));
  return Object.fromEntries([
    ...Object.entries(subject.identity).map(([name, value]) => [`model.${name}`, value]),
    ...Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value)]),
    ['batchSize', String(batchSize)],
    ['imageSize', String(imageSize)],
    ...(subject.frameSize === undefined ? [] : [['frameSize', String(subject.frameSize)]]),
    ['trainingSamples', ids(split.train)],
    ['heldOutSamples', ids(split.heldOut)],
  ]) as Fingerprint;
}

/**
 * Lessons are compared where both have them: checkpoints of before have none, and which samples there are is an entry of its own.
 * @throws SaltError `RESUME_MISMATCH` naming the settings that differ, and the samples that teach something else
 */
export function requireSameRun(saved: Fingerprint, now: Fingerprint): void {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(now)])];
  const isLesson = (name: string): boolean => name.startsWith(LESSON);
  const isComparable = (name: string): boolean => !isLesson(name) || (name in saved && name in now);
  const different = names.filter((name) => isComparable(name) && saved[name] !== now[name]);
  if (different.length === 0) return;
  const told = different
    .filter((name) => !isLesson(name))
    .map((name) => `${name} (was ${brief(saved[name])}, is ${brief(now[name])})`);
  const changed = different.filter(isLesson).map((name) => name.slice(LESSON.length));
  if (changed.length > 0) told.push(`what is marked on ${brief(changed.join(', '))} was changed`);
  throw new SaltError(
    'RESUME_MISMATCH',
    `The checkpoint belongs to another run: ${told.join(', ')}. Resume with the same settings and masks, or start anew.`,
    { different },
  );
}

function brief(value: string | undefined): string {
  if (value === undefined) return 'absent';
  return value.length > 60 ? `${value.slice(0, 57)}...` : value;
}
