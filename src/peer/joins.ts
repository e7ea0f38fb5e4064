// When a join is complete. Nobody says how many vectors there are (rule 3 of handshake.ts), but all
// peers of a region have the same number.
//
// Rule 1: a join is complete when it has as many vectors as an earlier one, or as the caller said; or
//         when something else follows; or, for our own one, if nobody was there before us, when it has
//         been quiet for a while.
// Rule 2: a join is told once, even if more of its vectors come after all.

const QUIET_MS = 50;

/** How joins are judged. */
export interface JoinsOptions {
  readonly ownId: number;
  /** Vectors of each peer, where known. */
  readonly expected: number | undefined;
  /** A join is complete. */
  readonly onJoin: (id: number, vectors: number) => void;
}

/** Watches the doorbells come in. */
export class Joins {
  readonly #options: JoinsOptions;
  readonly #told = new Set<number>();
  #expected: number | undefined;
  #current: { readonly id: number; vectors: number } | undefined;
  #quiet: NodeJS.Timeout | undefined;

  constructor(options: JoinsOptions) {
    this.#options = options;
    this.#expected = options.expected;
  }

  /** A doorbell of this peer came, which has so many now. */
  onDoorbell(id: number, vectors: number): void {
    if (this.#current?.id !== id) this.#complete();
    clearTimeout(this.#quiet);
    this.#current = { id, vectors };
    if (this.#expected !== undefined && vectors >= this.#expected) this.#complete();
    else if (this.#expected === undefined && id === this.#options.ownId) this.#awaitQuiet();
  }

  /** This peer left. Returns whether its join had been told. */
  onLeave(id: number): boolean {
    if (this.#current?.id === id) this.#current = undefined;
    this.#complete();
    return this.#told.delete(id);
  }

  /** Nothing more comes. */
  close(): void {
    clearTimeout(this.#quiet);
    this.#current = undefined;
  }

  #awaitQuiet(): void {
    this.#quiet = setTimeout(() => {
      this.#complete();
    }, QUIET_MS);
  }

  #complete(): void {
    clearTimeout(this.#quiet);
    if (this.#current === undefined) return;
    const { id, vectors } = this.#current;
    this.#current = undefined;
    this.#expected = Math.max(this.#expected ?? 0, vectors);
    if (this.#told.has(id)) return;
    this.#told.add(id);
    this.#options.onJoin(id, vectors);
  }
}
