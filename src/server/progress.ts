// Whether a peer reads what it is sent, told from two numbers.
//
// Rule 1: it costs a send an addition and a look at the clock; the kernel is asked when somebody wants to know.

const PATIENCE_MS = 1_000;

interface Mark {
  /** Messages that had been sent by then. */
  readonly sent: number;
  readonly atMs: number;
}

/** What one peer has been sent, and by when. */
export class Progress {
  #sent = 0;
  #lastAtMs = -Infinity;
  // A second apart at least, so that the older one is never younger than that.
  #older: Mark = { sent: 0, atMs: -Infinity };
  #newer: Mark = { sent: 0, atMs: -Infinity };

  /** So many messages were just sent. */
  count(messages: number): void {
    this.#sent += messages;
    const atMs = performance.now();
    this.#lastAtMs = atMs;
    if (atMs - this.#newer.atMs < PATIENCE_MS) return;
    this.#older = this.#newer;
    this.#newer = { sent: this.#sent, atMs };
  }

  /** Whether something that it was sent a second ago is among these unread messages. */
  isStuck(unread: number): boolean {
    const sinceMs = performance.now() - PATIENCE_MS;
    if (this.#lastAtMs <= sinceMs) return unread > 0;
    const { sent } = this.#newer.atMs <= sinceMs ? this.#newer : this.#older;
    return this.#sent - unread < sent;
  }
}
