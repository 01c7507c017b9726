import type { Random } from '../../protocol/random.ts';

/** Uniform in [least, greatest). */
export function between(random: Random, least: number, greatest: number): number {
  return least + (greatest - least) * random.uniform();
}

/** Uniform in the logarithm, so that each doubling is as likely as the next; both ends above 0. */
export function logBetween(random: Random, least: number, greatest: number): number {
  return least * Math.exp(Math.log(greatest / least) * random.uniform());
}

export function chance(random: Random, probability: number): boolean {
  return random.uniform() < probability;
}

/** -1 or 1. */
export function sign(random: Random): -1 | 1 {
  return random.uniform() < 0.5 ? -1 : 1;
}

/** One of `weights`' names, as likely as its weight is large. */
export function pick<Name extends string>(random: Random, weights: Readonly<Record<Name, number>>): Name {
  const names = Object.keys(weights) as Name[];
  let left = random.uniform() * names.reduce((sum, name) => sum + weights[name], 0);
  for (const name of names) {
    left -= weights[name];
    if (left < 0) return name;
  }
  const last = names.at(-1);
  if (last === undefined) throw new RangeError('there is nothing to pick from');
  return last;
}
