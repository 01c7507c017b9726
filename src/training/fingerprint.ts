import { SaltError } from '../protocol/errors.ts';
import type { TrainingJob } from './job.ts';

/** What a run is, setting by setting: two runs with equal fingerprints take the same steps. */
export type Fingerprint = Readonly<Record<string, string>>;

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

/** @throws SaltError `RESUME_MISMATCH` naming the settings that differ */
export function requireSameRun(saved: Fingerprint, now: Fingerprint): void {
  const names = new Set([...Object.keys(saved), ...Object.keys(now)]);
  const different = [...names].filter((name) => saved[name] !== now[name]);
  if (different.length === 0) return;
  const told = different.map((name) => `${name} (was ${brief(saved[name])}, is ${brief(now[name])})`);
  throw new SaltError(
    'RESUME_MISMATCH',
    `The checkpoint belongs to another run: ${told.join(', ')}. Resume with the same settings, or start anew.`,
    { different },
  );
}

function brief(value: string | undefined): string {
  if (value === undefined) return 'absent';
  return value.length > 60 ? `${value.slice(0, 57)}...` : value;
}
