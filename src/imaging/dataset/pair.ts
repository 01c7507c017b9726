import { matchNames } from './match.ts';
import type { ImageName, Matches } from './match.ts';
import { stemOf } from './names.ts';
import type { SplitRow } from './split.ts';

/** What a data set's folders hold, by name. */
export interface Listing {
  readonly images: readonly ImageName[];
  readonly masks: readonly string[];
  /** Absent when there is no such folder. */
  readonly fieldsOfView?: readonly string[];
  /** Absent when there is no `data_split.csv`. */
  readonly split?: readonly SplitRow[];
}

/** One frame and what belongs to it. */
export interface Pair {
  readonly id: string;
  readonly image: string;
  /** One-based. */
  readonly frame: number;
  readonly mask: string;
  readonly fieldOfView?: string;
  readonly split?: string;
}

/** Pairs the files of a data set, frame by frame, and says what could not be paired. */
export function pairListing(listing: Listing): {
  readonly pairs: readonly Pair[];
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const rows = listing.split && rowsByImage(listing.images, listing.split, problems);
  const named = matchNames(listing.images, listing.masks, 'mask');
  const masks = rows ? withNamedMasks(named.matches, rows, listing.masks, problems) : named.matches;
  const used = new Set([...masks.values()].flatMap((frames) => [...frames.values()]));
  // A mask that the table assigns is no problem, whatever it is called.
  problems.push(
    ...named.problems.filter((problem) => ![...used].some((mask) => problem.startsWith(`${mask}:`))),
  );
  const fields = listing.fieldsOfView && matchNames(listing.images, listing.fieldsOfView, 'field of view');
  problems.push(...(fields?.problems ?? []));

  const ids = uniqueStems(listing.images.map(({ name }) => name));
  const pairs = listing.images.flatMap(({ name, frames }, image): Pair[] => {
    const row = rows?.get(image);
    if (rows && !row) {
      problems.push(`${name}: data_split.csv does not list it.`);
      return [];
    }
    const found = masks.get(image);
    if (!found) {
      problems.push(`${name}: no mask is named like it (${stemOf(name)}.*, ${stemOf(name)}_mask.*, ...).`);
      return [];
    }
    const fieldOfView = fields?.matches.get(image);
    if (fields && !fieldOfView) problems.push(`${name}: no field of view is named like it.`);
    return framesOf(found, frames).map(([frame, mask]) => {
      const field = fieldOfView?.get(frame) ?? fieldOfView?.get(0);
      return {
        id: frames > 1 ? `${ids[image]}#${frame}` : (ids[image] ?? name),
        image: name,
        frame,
        mask,
        ...(field !== undefined && { fieldOfView: field }),
        ...(row?.split !== undefined && { split: row.split }),
      };
    });
  });
  return { pairs, problems };
}

/** Frame by frame: its own mask, or the one that serves every frame. */
export function framesOf(
  masks: ReadonlyMap<number, string>,
  frames: number,
): [frame: number, mask: string][] {
  const every = masks.get(0);
  const numbers = every === undefined ? [...masks.keys()] : Array.from({ length: frames }, (_, i) => i + 1);
  return numbers
    .sort((a, b) => a - b)
    .flatMap((frame): [number, string][] => {
      const mask = masks.get(frame) ?? every;
      return mask === undefined ? [] : [[frame, mask]];
    });
}

/** Stems in the files' own case where they are unique, else whole names. */
export function uniqueStems(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(stemOf(name), (counts.get(stemOf(name)) ?? 0) + 1);
  return names.map((name) => {
    const base = name.split(/[\\/]/u).at(-1) ?? name;
    return counts.get(stemOf(name)) === 1 ? base.slice(0, stemOf(name).length) : name;
  });
}

function rowsByImage(
  images: readonly ImageName[],
  split: readonly SplitRow[],
  problems: string[],
): ReadonlyMap<number, SplitRow> {
  const byName = indexNames(images.map(({ name }) => name));
  const rows = new Map<number, SplitRow>();
  for (const row of split) {
    const image = byName(row.image);
    if (image === undefined)
      problems.push(`${row.image}: data_split.csv lists it, and there is no such image.`);
    else if (rows.has(image)) problems.push(`${row.image}: data_split.csv lists it more than once.`);
    else rows.set(image, row);
  }
  return rows;
}

function withNamedMasks(
  matches: Matches,
  rows: ReadonlyMap<number, SplitRow>,
  masks: readonly string[],
  problems: string[],
): Matches {
  const byName = indexNames(masks);
  const chosen = new Map(matches);
  for (const [image, { mask }] of rows) {
    if (mask === undefined) continue;
    const found = masks[byName(mask) ?? -1];
    if (found === undefined) {
      problems.push(`${mask}: data_split.csv lists it, and there is no such mask.`);
      chosen.delete(image);
    } else {
      chosen.set(image, new Map([[0, found]]));
    }
  }
  return chosen;
}

/** Finds a file by what a table calls it: its name, with or without folders, or else its unique stem. */
function indexNames(names: readonly string[]): (written: string) => number | undefined {
  const byName = new Map(names.map((name, i) => [name.toLowerCase(), i]));
  const byStem = new Map<string, number[]>();
  names.forEach((name, i) => byStem.set(stemOf(name), [...(byStem.get(stemOf(name)) ?? []), i]));
  return (written) => {
    const base = (written.split(/[\\/]/u).at(-1) ?? written).toLowerCase();
    const stems = byStem.get(stemOf(base)) ?? byStem.get(base) ?? [];
    return byName.get(base) ?? (stems.length === 1 ? stems[0] : undefined);
  };
}
