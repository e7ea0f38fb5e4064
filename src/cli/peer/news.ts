// Lines for a reader, in the order in which things happened, as fast as the reader takes them.
//
// Rule 1: nothing piles up: joins and leaves cannot be put off, so at most MAX_WAITING of them wait;
//         the reader is told in their place how many it missed, and who is there now.
// Rule 2: an interrupt is never among the missed. Who tells one waits until it is taken, and takes the
//         next only then: until then it waits, merged, in its doorbell.

/** What happens to a peer. */
export type Happening =
  | { readonly event: 'join'; readonly peer: number; readonly vectors: number }
  | { readonly event: 'leave'; readonly peer: number }
  | { readonly event: 'interrupt'; readonly vector: number; readonly count: number };

/** Where the lines go; each is taken when its promise resolves. */
export interface NewsReader {
  readonly happened: (happening: Happening) => Promise<void>;
  /** So many joins and leaves are not told; called once all that was before them is. */
  readonly missed: (count: number) => Promise<void>;
}

const MAX_WAITING = 1_024;

export class News {
  readonly #reader: NewsReader;
  readonly #mostWaiting: number;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #missed = 0;

  constructor(reader: NewsReader, mostWaiting = MAX_WAITING) {
    this.#reader = reader;
    this.#mostWaiting = mostWaiting;
  }

  /** Resolves when the reader has taken it, or, for what is missed, the lines before it. Rejects as it does. */
  tell(happening: Happening): Promise<void> {
    if (happening.event === 'interrupt') this.#enqueue(() => this.#reader.happened(happening));
    else if (this.#missed > 0) this.#missed += 1;
    else if (this.#waiting === this.#mostWaiting) this.#miss();
    else this.#wait(happening);
    return this.#last;
  }

  #wait(happening: Happening): void {
    this.#waiting += 1;
    this.#enqueue(async () => {
      await this.#reader.happened(happening);
      this.#waiting -= 1;
    });
  }

  #miss(): void {
    this.#missed = 1;
    this.#enqueue(() => this.#tellMissed());
  }

  #enqueue(act: () => Promise<void>): void {
    this.#last = this.#last.then(act);
  }

  // From here on what happens is told again: it comes behind who is there now.
  #tellMissed(): Promise<void> {
    const missed = this.#missed;
    this.#missed = 0;
    return this.#reader.missed(missed);
  }
}
