// Asks the server, which is the thread that started this one.
//
// Rule 1: one look at a time, which all share who ask meanwhile for the next: no answer is older than its
//         question, and a flood costs the server no more than one who asks again and again.
// Rule 2: a server that does not answer is an error after a while, never a request without end.
import type { MessagePort } from 'node:worker_threads';
import { ControlError } from '../control-error.js';
import type { EventBatch } from '../event-feed.js';
import type { Ask, Look, PeerLook, RegionPart, Reply } from '../question.js';

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

const ANSWER_MS = 10_000;

/** The questions of one thread. */
export class Asker {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;
  #now: Promise<WholeLook> | undefined;
  #next: Promise<WholeLook> | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (reply: Reply | 'end') => {
      if (reply !== 'end') this.#receive(reply);
    });
  }

  /** As of now or later. Rejects with ControlError. */
  look(): Promise<WholeLook> {
    // Who asks during a look gets the one after it.
    if (this.#now === undefined) return this.#startLook();
    this.#next ??= this.#now.then(
      () => this.#startLook(),
      () => this.#startLook(),
    );
    return this.#next;
  }

  /** Events from this number on. With `wait` it takes until there is one. */
  events(from: number, { wait = false } = {}): Promise<EventBatch> {
    return this.#ask<EventBatch>(
      { kind: 'events', from, wait },
      { timeoutMs: wait ? 0 : undefined },
    );
  }

  /** See `Server.evict`. */
  evict(region: string, peer: number): Promise<unknown> {
    return this.#ask({ kind: 'evict', region, peer });
  }

  /** Resolves with what came of it. A region that ends may take its time. */
  reload(): Promise<unknown> {
    return this.#ask({ kind: 'reload' }, { timeoutMs: 6 * ANSWER_MS });
  }

  #startLook(): Promise<WholeLook> {
    this.#next = undefined;
    const peers: PeerLook[][] = [];
    const tell = (part: RegionPart): void => {
      (peers[part.region] ??= []).push(...part.peers);
    };
    const look = this.#ask<Look>({ kind: 'look' }, { tell }).then((end) => ({ ...end, peers }));
    this.#now = look;
    const forget = (): void => {
      if (this.#now === look) this.#now = undefined;
    };
    look.then(forget, forget);
    return look;
  }

  #ask<Answer>(
    ask: Ask,
    {
      tell = () => undefined,
      timeoutMs = ANSWER_MS,
    }: { tell?: (part: RegionPart) => void; timeoutMs?: number | undefined } = {},
  ): Promise<Answer> {
    const number = this.#count++;
    return new Promise<Answer>((resolve, reject) => {
      const timer = timeoutMs === 0 ? undefined : setTimeout(() => this.#giveUp(number), timeoutMs);
      const settle = resolve as (value: unknown) => void;
      this.#waiting.set(number, { resolve: settle, reject, tell, timer });
      this.#port.postMessage({ number, ...ask });
    });
  }

  #receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.number);
    if (waiting === undefined) return;
    if ('part' in reply) {
      waiting.tell(reply.part);
      return;
    }
    clearTimeout(waiting.timer);
    this.#waiting.delete(reply.number);
    if ('error' in reply) {
      waiting.reject(new ControlError(reply.error.code, reply.error.message));
    } else {
      waiting.resolve(reply.done);
    }
  }

  #giveUp(number: number): void {
    this.#waiting
      .get(number)
      ?.reject(new ControlError('ERR_IVSHMEM_NO_ANSWER', 'the server does not answer: it is busy'));
    this.#waiting.delete(number);
  }
}
