import { createRandom } from '../protocol/random.ts';
import type { Random } from '../protocol/random.ts';
import { warningOf } from '../protocol/run-note.ts';
import type { RunWarning } from '../protocol/run-note.ts';

export interface Splittable {
  readonly id: string;
  readonly group?: string;
  readonly split?: string;
  /** Where a person chose the side; one sample with a role decides that roles count and nothing else. */
  readonly role?: 'train' | 'heldOut';
}

export interface Split<S> {
  readonly train: readonly S[];
  /** Empty when there are fewer than two samples, or where a person wanted it so: by their roles, or a share of 0. */
  readonly heldOut: readonly S[];
  /** Where the split is not what people may expect. */
  readonly notes: readonly RunWarning[];
}

export interface SplitOptions {
  /** Share of the samples to hold out, 0 to 1; any but 0 holds out one at least. */
  readonly share: number;
  readonly seed: number;
}

const TRAIN = new Set(['train', 'training']);
const VALIDATION = new Set(['val', 'valid', 'validation', 'dev']);
const TEST = new Set(['test', 'testing']);

/**
 * Sets samples aside to judge by. Roles that a person chose are kept to, even where nothing is held out then. Otherwise
 * the data set's own split counts first; or else whole groups (patients, studies) are drawn, so that no patient is on
 * both sides, and with two samples or more neither side is empty.
 */
export function splitSamples<S extends Splittable>(samples: readonly S[], options: SplitOptions): Split<S> {
  if (samples.some(({ role }) => role !== undefined)) return byRole(samples);
  const notes: string[] = [];
  const own = ownSplit(samples, notes);
  if (own.heldOut.length > 0 && own.train.length > 0) {
    const shared = sharedGroups(own.train, own.heldOut);
    if (shared.length > 0) {
      notes.push(
        `The data set's split has ${shared.length} group(s) on both sides (${list(shared)}): ` +
          'held-out scores will look better than they are.',
      );
    }
    return { ...own, notes: notes.map(asWarning) };
  }
  const drawn = drawSplit(own.train.length > 0 ? own.train : own.heldOut, options, notes);
  return { ...drawn, notes: notes.map(asWarning) };
}

const asWarning = (message: string): RunWarning => ({ message });

function byRole<S extends Splittable>(samples: readonly S[]): Split<S> {
  const train = samples.filter(({ role }) => role !== 'heldOut');
  const heldOut = samples.filter(({ role }) => role === 'heldOut');
  const shared = sharedGroups(train, heldOut);
  const notes = shared.length > 0 ? [warningOf({ kind: 'shared patients', patients: shared.length })] : [];
  return { train, heldOut, notes };
}

/** What the data set says itself; all samples on one side when it says nothing of use. */
function ownSplit<S extends Splittable>(
  samples: readonly S[],
  notes: string[],
): { train: S[]; heldOut: S[] } {
  const named = (names: ReadonlySet<string>) =>
    samples.filter(({ split }) => split !== undefined && names.has(split.trim().toLowerCase()));
  const unnamed = samples.filter(({ split }) => split === undefined || split.trim() === '');
  const validation = named(VALIDATION);
  const test = named(TEST);
  if (unnamed.length === samples.length) return { train: [...samples], heldOut: [] };
  if (unnamed.length > 0)
    notes.push(`${unnamed.length} sample(s) outside the data set's split are trained on.`);
  const train = [...named(TRAIN), ...unnamed];
  const others = samples.length - train.length - validation.length - test.length;
  if (others > 0) {
    notes.push(`${others} sample(s) are left out: their split is neither train, val nor test.`);
  }
  if (validation.length > 0) return { train, heldOut: validation };
  if (test.length > 0 && train.length > 0) {
    notes.push(
      'The test samples serve as held-out ones, since the data set names no val: the best is chosen by them.',
    );
  }
  return { train, heldOut: test };
}

function drawSplit<S extends Splittable>(
  samples: readonly S[],
  { share, seed }: SplitOptions,
  notes: string[],
): { train: S[]; heldOut: S[] } {
  if (samples.length < 2) {
    notes.push('With fewer than two samples nothing can be held out: the last parameters are kept.');
    return { train: [...samples], heldOut: [] };
  }
  if (share === 0) return { train: [...samples], heldOut: [] };
  let groups = groupsOf(samples, ({ group, id }) =>
    group === undefined ? `sample ${id}` : `group ${group}`,
  );
  if (groups.length === 1) {
    notes.push(
      'All samples belong to one patient or study, so frames of it are on both sides of the held-out split: ' +
        'held-out scores will look better than they are.',
    );
    groups = samples.map((sample) => [sample]);
  }
  const wanted = Math.min(samples.length - 1, Math.max(1, Math.round(samples.length * share)));
  const order = shuffled(groups, createRandom(seed));
  const heldOut = new Set<S>();
  for (const group of order) {
    if (heldOut.size + group.length <= wanted) for (const sample of group) heldOut.add(sample);
  }
  if (heldOut.size === 0) {
    const smallest = order.reduce((least, group) => (group.length < least.length ? group : least));
    for (const sample of smallest) heldOut.add(sample);
  }
  return {
    train: samples.filter((sample) => !heldOut.has(sample)),
    heldOut: samples.filter((sample) => heldOut.has(sample)),
  };
}

function groupsOf<S>(samples: readonly S[], keyOf: (sample: S) => string): S[][] {
  const groups = new Map<string, S[]>();
  for (const sample of samples) {
    const key = keyOf(sample);
    const group = groups.get(key);
    if (group) group.push(sample);
    else groups.set(key, [sample]);
  }
  return [...groups.values()];
}

/** Fisher and Yates. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const a = order[i];
    const b = order[j];
    if (a !== undefined) order[j] = a;
    if (b !== undefined) order[i] = b;
  }
  return order;
}

function sharedGroups(a: readonly Splittable[], b: readonly Splittable[]): string[] {
  const left = new Set(a.flatMap(({ group }) => (group === undefined ? [] : [group])));
  return [...new Set(b.flatMap(({ group }) => (group !== undefined && left.has(group) ? [group] : [])))];
}

/** A few names, not hundreds. */
function list(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown}, ...` : shown;
}
