import type { Random } from '../../protocol/random.ts';

/** Uniform between two bounds. */
export function between(random: Random, least: number, greatest: number): number {
  return least + (greatest - least) * random.uniform();
}

/** True with the given probability. */
export function chance(random: Random, probability: number): boolean {
  return random.uniform() < probability;
}

/** An exponential draw: how long until an event that comes once per `mean` on average. */
export function waiting(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.uniform());
}
