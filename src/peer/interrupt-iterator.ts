// Interrupts one after the other, for `for await`.
//
// Rule 1: what is not asked for is not taken: leaving the loop loses nothing, the rings stay in their
//         doorbells.
// Rule 2: the peer knows of an iterator only while a step is awaited: who drops one leaves nothing.
import type { Inbox, Interrupt } from './inbox.js';
import { closed } from './peer-error.js';
import { waitFor, type Settle } from './waiting.js';

/** How an iterator ends. */
export interface IteratorOptions {
  readonly inbox: Inbox;
  /** The vectors that it takes; undefined: all. */
  readonly vectors: ReadonlySet<number> | undefined;
  /** The next step is rejected with the signal's reason. */
  readonly signal: AbortSignal | undefined;
  /** Says what to call when the peer closes; returns what takes that back. */
  readonly onClose: (act: () => void) => () => void;
  readonly isClosed: () => boolean;
}

type Step = IteratorResult<Interrupt, undefined>;

const DONE: Step = { done: true, value: undefined };

/** Interrupts without end: until it is left, called off, or its peer closed. */
export class InterruptIterator implements AsyncIterableIterator<Interrupt, undefined> {
  readonly #options: IteratorOptions;
  readonly #pending = new Set<Settle<Step>>();
  #isDone = false;

  constructor(options: IteratorOptions) {
    this.#options = options;
  }

  async next(): Promise<Step> {
    const { inbox, vectors, signal, onClose, isClosed } = this.#options;
    if (this.#isDone || isClosed()) return DONE;
    const start = (settle: Settle<Step>): (() => void) => {
      this.#pending.add(settle);
      const cancel = inbox.wait({
        vectors,
        take: (value) => settle.resolve({ done: false, value }),
      });
      const forget = onClose(() => {
        this.end();
      });
      return () => {
        this.#pending.delete(settle);
        cancel();
        forget();
      };
    };
    try {
      return await waitFor({ signal }, start, () => undefined);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Ends it: steps that are awaited are the end, too. */
  end(): void {
    this.#isDone = true;
    for (const { resolve } of this.#pending) resolve(DONE);
  }

  return(): Promise<Step> {
    this.end();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** One interrupt; undefined when the time is over. */
export function nextInterrupt(
  { inbox, vectors, signal, onClose }: IteratorOptions,
  timeoutMs: number | undefined,
): Promise<Interrupt | undefined> {
  return waitFor<Interrupt | undefined>(
    { timeoutMs, signal },
    ({ resolve, reject }) => {
      const cancel = inbox.wait({ vectors, take: resolve });
      const forget = onClose(() => reject(closed()));
      return () => {
        cancel();
        forget();
      };
    },
    // What came in the same turn of the loop as the end of the time has come in time.
    ({ resolve }) => resolve(inbox.takeNow(vectors)),
  );
}
