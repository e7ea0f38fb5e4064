// Random numbers that can be had again: a run prints its seed, and IVSHMEM_SEED=… repeats it.

/** A small deterministic generator (splitmix32). */
export class Random {
  readonly seed: number;
  #state: number;

  /** Without a seed, IVSHMEM_SEED's or a new one. */
  constructor(seed = Number(process.env['IVSHMEM_SEED'] ?? Math.floor(Math.random() * 2 ** 32))) {
    this.seed = seed >>> 0;
    this.#state = this.seed;
  }

  /** An integer, 0 to `below` − 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return Math.floor((((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32) * below);
  }

  /** True once in `often` times. */
  oneIn(often: number): boolean {
    return this.below(often) === 0;
  }

  /** One of the items; undefined when there is none. */
  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.below(items.length)];
  }

  /** For a test's comment: what ran, and how to run it again. */
  toString(): string {
    return `seed ${this.seed} (IVSHMEM_SEED=${this.seed} repeats it)`;
  }
}
