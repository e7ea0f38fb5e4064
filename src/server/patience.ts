// How long we let a stranger make us wait.
//
// To read a command line the kernel waits for a lock of its process, which a program can hold for seconds at a
// time by changing the rights of gigabytes of memory, over and over; and there is no way to ask without waiting.
//
// Rule 1: whoever made us wait long is not looked at for a hundred times as long: of all our time a
//         user can take the hundredth part, and what was not looked at is not known.
// Rule 2: it is the user who is judged, and no other one: a process is soon made, a user is not.

const LONG_MS = 250; // far above what a machine that swaps needs
const TIMES_AS_LONG = 100;

/** Remembers which users are slow. */
export class Patience {
  readonly #notBeforeMs = new Map<number, number>();
  readonly #now: () => number;

  /** `now`: a clock in milliseconds. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** What the look returns; undefined, without a look, while a process of this user is not to be looked at. */
  look<Result>(uid: number, look: () => Result): Result | undefined {
    const before = this.#now();
    if (before < (this.#notBeforeMs.get(uid) ?? 0)) return undefined;
    this.#notBeforeMs.delete(uid);
    const result = look();
    const after = this.#now();
    const tookMs = after - before;
    if (tookMs >= LONG_MS) this.#notBeforeMs.set(uid, after + tookMs * TIMES_AS_LONG);
    return result;
  }
}

/** The one of this process, which all its regions share: they wait together. */
export const patience = new Patience();
