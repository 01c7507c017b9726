/** Seconds that a run has taken, without those in which it stood still for others. */
export class Stopwatch {
  readonly #now: () => number;
  #startedAt: number;

  /** @param now in milliseconds from any start @param startedAt by the same clock */
  constructor(now: () => number, startedAt: number) {
    this.#now = now;
    this.#startedAt = startedAt;
  }

  seconds(): number {
    return (this.#now() - this.#startedAt) / 1000;
  }

  /** Time that is not counted. */
  async standStill(until: () => Promise<void> | undefined): Promise<void> {
    const before = this.#now();
    await until();
    this.#startedAt += this.#now() - before;
  }
}
