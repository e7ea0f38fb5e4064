// The last events, for who asks what has been, and for who waits for the next.
//
// Rule 1: so many are kept and no more: who comes too late can tell how many it missed.

/** How many events are kept. */
export const EVENTS_KEPT = 1_000;

/** A line of the log. */
export interface LogEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: { readonly event: string } & Readonly<Record<string, unknown>>;
  /** For people. */
  readonly message: string;
}

/** An event as it is told: as the log has it. */
export type ToldEvent = Readonly<Record<string, unknown>>;

/** Events from a number on. */
export interface EventBatch {
  readonly events: readonly ToldEvent[];
  /** The number of the first of them: those before it that were asked for are gone. */
  readonly first: number;
}

/** Keeps events and wakes who waits for one. */
export class EventFeed {
  readonly #events: ToldEvent[] = [];
  #next = 0;
  #waiting: (() => void)[] = [];

  /** Keeps an event of now. */
  add({ level, fields, message }: LogEvent): void {
    this.#events.push({ time: new Date().toISOString(), level, ...fields, msg: message });
    if (this.#events.length > EVENTS_KEPT) this.#events.shift();
    this.#next += 1;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Those from `from` on, if there are any; otherwise resolves with the next. */
  async after(from: number): Promise<EventBatch> {
    if (from >= this.#next) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      // A storm is told in few batches: as many as come in one turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.since(from);
  }

  /** Those from `from` on, as far as they are kept. */
  since(from: number): EventBatch {
    const kept = this.#next - this.#events.length;
    const first = Math.max(from, kept);
    return { events: this.#events.slice(first - kept), first };
  }
}
