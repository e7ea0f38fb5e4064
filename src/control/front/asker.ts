// Asks the server, which is the process that started this one.
//
// Rule 1: one question of a kind at a time. Who asks meanwhile shares the next: no answer is older than its
//         question, and a flood costs the server no more than one who asks again and again.
// Rule 2: a server that does not answer is an error after a while, never a request without end. It knows until
//         when, and does nothing any more then.
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlError } from '../control-error.js';
import type { EventBatch } from '../event-feed.js';
import { monotonicMs } from '../../server/monotonic.js';
import type { Ask, Cancel, Look, PeerLook, Question, RegionPart, Reply } from '../question.js';
import { Shared } from './shared.js';

/** All that there is to know of a server now. */
export interface WholeLook extends Look {
  /** Of each region, in the order of `regions`. */
  readonly peers: readonly (readonly PeerLook[])[];
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly tell: (part: RegionPart) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

interface AskOptions {
  readonly tell?: (part: RegionPart) => void;
  /** Infinity: as long as it takes. */
  readonly timeoutMs?: number;
  /** Who asks has hung up. */
  readonly signal?: AbortSignal;
}

const ANSWER_MS = 10_000;
// For an answer that was given in time.
const ON_ITS_WAY_MS = 1_000;
const RELOAD_MS = 60_000;
// To read a configuration again costs the server's own thread a tenth of a second.
const RELOAD_PAUSE_MS = 1_000;

/** The questions of one process. */
export class Asker {
  readonly #send: (message: Question | Cancel) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #looks = new Shared(() => this.#look());
  readonly #reloads = new Shared(() => this.#reload());
  #count = 0;

  constructor(send: (message: Question | Cancel) => void) {
    this.#send = send;
  }

  /** As of now or later. Rejects with ControlError. */
  look(): Promise<WholeLook> {
    return this.#looks.get();
  }

  /** Reads the configuration as it is now or later; resolves with what came of it. */
  reload(): Promise<unknown> {
    return this.#reloads.get();
  }

  /** See `Server.evict`. When it rejects, the peer is not evicted, nor will it be; the signal is a hang-up. */
  evict(region: string, peer: number, signal: AbortSignal): Promise<unknown> {
    return this.#ask({ kind: 'evict', region, peer }, { signal });
  }

  /** Events from this number on; waits until there is one. To be asked by one, who keeps them. */
  events(from: number): Promise<EventBatch> {
    return this.#ask<EventBatch>({ kind: 'events', from, wait: true }, { timeoutMs: Infinity });
  }

  /** The same without waiting. */
  eventsUntilNow(from: number): Promise<EventBatch> {
    return this.#ask<EventBatch>({ kind: 'events', from, wait: false });
  }

  /** The server says something. */
  receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.number);
    if (waiting === undefined) return;
    if ('part' in reply) {
      waiting.tell(reply.part);
      return;
    }
    clearTimeout(waiting.timer);
    this.#waiting.delete(reply.number);
    if ('error' in reply) waiting.reject(new ControlError(reply.error.code, reply.error.message));
    else waiting.resolve(reply.done);
  }

  async #look(): Promise<WholeLook> {
    const peers: PeerLook[][] = [];
    const tell = (part: RegionPart): void => {
      (peers[part.region] ??= []).push(...part.peers);
    };
    return { ...(await this.#ask<Look>({ kind: 'look' }, { tell })), peers };
  }

  async #reload(): Promise<unknown> {
    const [report] = await Promise.all([
      this.#ask({ kind: 'reload' }, { timeoutMs: RELOAD_MS }),
      this.#reloads.isRepeated ? sleep(RELOAD_PAUSE_MS) : undefined,
    ]);
    return report;
  }

  #ask<Answer>(
    ask: Ask,
    { tell = () => undefined, timeoutMs = ANSWER_MS, signal }: AskOptions = {},
  ): Promise<Answer> {
    const number = this.#count++;
    const askedAtMs = monotonicMs();
    return new Promise<Answer>((resolve, reject) => {
      const settle = resolve as (value: unknown) => void;
      const timer = this.#giveUpAfter(timeoutMs, number);
      this.#waiting.set(number, { resolve: settle, reject, tell, timer });
      this.#send({ number, askedAtMs, untilMs: askedAtMs + timeoutMs, ...ask });
      signal?.addEventListener('abort', () => {
        if (this.#fail(number)) this.#send({ cancel: number });
      });
    });
  }

  #giveUpAfter(timeoutMs: number, number: number): NodeJS.Timeout | undefined {
    if (timeoutMs === Infinity) return undefined;
    // If this process was stopped meanwhile, the answer may be there, and is read first.
    const giveUp = (): void => void setImmediate(() => this.#fail(number));
    return setTimeout(giveUp, timeoutMs + ON_ITS_WAY_MS);
  }

  // Whether somebody was waiting.
  #fail(number: number): boolean {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return false;
    clearTimeout(waiting.timer);
    this.#waiting.delete(number);
    waiting.reject(
      new ControlError('ERR_IVSHMEM_NO_ANSWER', 'the server does not answer: it is busy'),
    );
    return true;
  }
}
