// The time that a server which ends gives its peers: to read what they are owed, and to get their welcome.
//
// Rule 1: a later request can only shorten it.
// Rule 2: a newcomer that the kernel does not let us give its welcome to is waited for all the same, for up
//         to a minute: a QEMU hangs if it ends there.

/** How to end a server. */
export interface CloseOptions {
  /** How long peers may take to read what they are owed: a stopped VM would take for ever. Default 5,000 ms. */
  readonly timeoutMs?: number | undefined;
}

/** What is still to be done for peers. */
export interface Unfinished {
  readonly peersBehind: number;
  readonly hasRefusedAll: boolean;
  readonly isWelcoming: boolean;
}

const CLOSE_TIMEOUT_MS = 5_000;
const WELCOME_TIMEOUT_MS = 60_000;
const SETTLE_CHECK_MS = 10;

/** The deadlines of one end. */
export class Ending {
  #isAsked = false;
  #deadlineMs = Infinity;
  #welcomeDeadlineMs = Infinity;

  /** Somebody asks for the end. */
  ask({ timeoutMs }: CloseOptions): void {
    const now = performance.now();
    const deadlineMs = now + (timeoutMs ?? CLOSE_TIMEOUT_MS);
    this.#deadlineMs = Math.min(this.#deadlineMs, deadlineMs);
    // Who asks again, and says how long, does not want to wait for anybody.
    const isOrder = this.#isAsked && timeoutMs !== undefined;
    const welcomeMs = isOrder ? deadlineMs : now + WELCOME_TIMEOUT_MS;
    this.#welcomeDeadlineMs = Math.min(this.#welcomeDeadlineMs, welcomeMs);
    this.#isAsked = true;
  }

  /** Resolves when nothing is left to do, or the time is over. */
  async wait(region: Unfinished): Promise<void> {
    while (!this.#mayEnd(region))
      await new Promise((resolve) => setTimeout(resolve, SETTLE_CHECK_MS));
  }

  #mayEnd(region: Unfinished): boolean {
    if (region.peersBehind === 0 && region.hasRefusedAll) return true;
    return performance.now() >= (region.isWelcoming ? this.#welcomeDeadlineMs : this.#deadlineMs);
  }
}
