// The time of the second half of a piece of work: the first half warms up.

/** Counts operations, twice as many as are timed. */
export class Stopwatch {
  readonly #operations: number;
  #left: number;
  #start = 0n;

  constructor(operations: number) {
    this.#operations = operations;
    this.#left = 2 * operations;
  }

  /** One operation is done. Nanoseconds for each of the second half when it was the last; else undefined. */
  tick(): number | undefined {
    this.#left -= 1;
    if (this.#left === this.#operations) this.#start = process.hrtime.bigint();
    if (this.#left > 0) return undefined;
    return Number(process.hrtime.bigint() - this.#start) / this.#operations;
  }
}
