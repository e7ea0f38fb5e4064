// Looks at a server again and again.
//
// Rule 1: a server that is gone, or does not answer, is said to be, and looked for until it is back. What was
//         known of it stays.
// Rule 2: whatever is no such failure is a bug, and rejects.
import { setTimeout as sleep } from 'node:timers/promises';
import { isSystemError } from '../../../native/system-error.js';
import type { ControlClient } from '../../control/client.js';
import { ControlError } from '../../control/control-error.js';
import type { ServerStatus } from '../../control/status.js';

import { timeText } from '../time-text.js';
import { EventTail } from './event-tail.js';
import { ratesBetween, type Look, type Rates } from './rates.js';
import type { Scene } from './scene.js';

// A healthy server takes a few ms.
const LATE_MS = 3_000;

/** What a lookout needs. */
export interface LookoutOptions {
  readonly client: ControlClient;
  /** The first answer. */
  readonly first: ServerStatus;
  readonly intervalMs: number;
  /** There is something new to see. */
  readonly onNews: () => void;
}

/** Knows what is known of a server. */
export class Lookout {
  readonly #options: LookoutOptions;
  readonly #tail = new EventTail();
  #look: Look;
  #rates: Rates | undefined;
  #eventsFailure: string | undefined;
  #failure: { readonly since: Date; readonly message: string } | undefined;

  constructor(options: LookoutOptions) {
    this.#options = options;
    this.#look = lookOf(options.first);
  }

  /** What is known now. */
  get scene(): Scene {
    const { since, message = '' } = this.#failure ?? {};
    return {
      look: this.#look,
      rates: this.#rates,
      failure: since && `no answer since ${timeText(since)}, looking again: ${message}`,
      events: this.#tail.lines,
      // Where nobody answers at all, that is what there is to say.
      eventsFailure: this.#failure ? undefined : this.#eventsFailure,
    };
  }

  /** Looks until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#again(() => this.#ask(signal), signal),
      this.#again(() => this.#follow(signal), signal),
    ]);
  }

  async #again(act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await act();
        await sleep(this.#options.intervalMs, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const late = setTimeout(() => this.#failed('it may be stopped'), LATE_MS);
    try {
      const before = this.#look;
      this.#look = lookOf(await this.#options.client.status({ signal }));
      this.#rates = ratesBetween(before, this.#look);
      this.#failure = undefined;
      this.#options.onNews();
    } catch (error) {
      if (!signal.aborted) this.#failed(messageOf(error));
    } finally {
      clearTimeout(late);
    }
  }

  #failed(message: string): void {
    this.#failure = { since: this.#failure?.since ?? new Date(), message };
    this.#options.onNews();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    this.#tail.begin();
    try {
      for await (const event of this.#options.client.events({ follow: true, signal })) {
        this.#eventsFailure = undefined;
        if (this.#tail.add(event)) this.#options.onNews();
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#eventsFailure = messageOf(error);
      this.#options.onNews();
    }
  }
}

function lookOf(status: ServerStatus): Look {
  return { status, atMs: performance.timeOrigin + performance.now() };
}

function messageOf(error: unknown): string {
  if (error instanceof ControlError || isSystemError(error) || isHangUp(error)) {
    return error.message;
  }
  throw error;
}

// Node's HTTP does not make a system error of it.
function isHangUp(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}
