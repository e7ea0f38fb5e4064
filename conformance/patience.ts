// How long a check waits for what should happen at once.
//
// Rule 1: a check waits here and nowhere else, and asks here where it only goes round in a loop, so that
//   it ends soon after the server did.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** A check as a whole may take so many times what one wait may. */
const WAITS_PER_CHECK = 20;
const START_MS = 15_000;
const LONGEST_PAUSE_MS = 20;

/** Something did not happen; the message says what. */
export class Hang extends Error {}

export interface PatienceOptions {
  readonly waitMs: number;
  /** Asked again and again: throws where there is nothing to wait for any more. */
  readonly look: () => void;
}

export class Patience {
  readonly #waitMs: number;
  readonly #look: () => void;
  readonly #endMs: number;

  constructor({ waitMs, look }: PatienceOptions) {
    this.#waitMs = waitMs;
    this.#look = look;
    this.#endMs = performance.now() + WAITS_PER_CHECK * waitMs;
  }

  /** Asks until the answer is neither `undefined` nor `false`, and gives it. Throws Hang. */
  async until<T>(
    what: string,
    ask: () => T | Promise<T>,
    waitMs = this.#waitMs,
  ): Promise<Exclude<T, undefined | false>> {
    const endMs = performance.now() + waitMs;
    for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
      this.#look();
      if (performance.now() > endMs) throw new Hang(what);
      await sleep(pauseMs);
    }
  }

  /** The same for a command to start: on a busy machine that takes longer than a server's answer. */
  untilStarted<T>(what: string, ask: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
    return this.until(what, ask, Math.max(this.#waitMs, START_MS));
  }

  /** The same without a pause, for what takes microseconds and is asked thousands of times. */
  async soon<T>(what: string, ask: () => T | undefined): Promise<T> {
    const endMs = performance.now() + this.#waitMs;
    for (;;) {
      const answer = ask();
      if (answer !== undefined) return answer;
      if (performance.now() > endMs) throw new Hang(what);
      await this.turn();
    }
  }

  /** Lets everybody else have a turn. */
  async turn(): Promise<void> {
    await nextTurn();
    this.#look();
    if (performance.now() > this.#endMs) throw new Hang('the end of the check');
  }
}
