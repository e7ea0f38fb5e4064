// The events, and those who follow them: one line of JSON each.
//
// Rule 1: who does not read is not waited for, and nothing is kept for it: it is told how many it missed as
//         soon as it reads again.
// Rule 2: the server tells each event once, and who comes later is told from what is kept here.
import type { Socket } from 'node:net';
import { ControlError } from '../control-error.js';
import { EVENTS_KEPT, type EventBatch, type ToldEvent } from '../event-feed.js';
import type { Asker } from './asker.js';
import { Shared } from './shared.js';

/** At most so many follow at a time. */
export const MAX_FOLLOWERS = 16;
const MAX_UNREAD_BYTES = 65_536;

interface Follower {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  lost: number;
}

/** What is asked for, and on which connection. */
export interface StreamOptions {
  readonly follow: boolean;
  readonly socket: Socket;
}

/** Those who follow the events of one server. */
export class Followers {
  readonly #asker: Asker;
  readonly #untilNow = new Shared(async () => {
    this.#receive(await this.#asker.eventsUntilNow(this.#next));
  });
  readonly #followers = new Set<Follower>();
  readonly #sockets = new WeakSet<Socket>();
  readonly #kept: ToldEvent[] = [];
  // Those as bytes, since somebody asked last: of what many have not read yet there is one copy.
  #keptLines: Uint8Array | undefined;
  #next = 0;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  /** Asks for events from now on, as long as the server answers. */
  async listen(): Promise<void> {
    for (;;) this.#receive(await this.#asker.events(this.#next));
  }

  /** Resolves when all that has happened before the call is kept here. Rejects with ControlError (no answer). */
  catchUp(): Promise<void> {
    return this.#untilNow.get();
  }

  /** The events that are kept, and with `follow` all that come. Throws ControlError (busy). */
  stream({ follow, socket }: StreamOptions): ReadableStream {
    if (follow && this.#followers.size >= MAX_FOLLOWERS) {
      throw new ControlError(
        'ERR_IVSHMEM_BUSY',
        `${MAX_FOLLOWERS} follow the events already: let one of them end`,
      );
    }
    let follower: Follower | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          controller.enqueue((this.#keptLines ??= linesOf(this.#kept)));
          if (follow) {
            follower = { controller, lost: 0 };
            this.#add(follower, socket);
          } else controller.close();
        },
        pull: () => {
          if (follower) tellLost(follower);
        },
        cancel: () => {
          if (follower) this.#followers.delete(follower);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }),
    );
  }

  /** Whether somebody follows on this connection. */
  has(socket: Socket): boolean {
    return this.#sockets.has(socket);
  }

  /** Tells all who follow what there is, and that it was all. */
  async end(): Promise<void> {
    await this.catchUp();
    for (const { controller } of this.#followers) controller.close();
    this.#followers.clear();
  }

  // What is answered may never be read nor cancelled, but its connection ends for certain.
  #add(follower: Follower, socket: Socket): void {
    this.#followers.add(follower);
    this.#sockets.add(socket);
    socket.once('close', () => this.#followers.delete(follower));
  }

  #receive({ events, first }: EventBatch): void {
    // Some are asked for twice: who waits for more, and who catches up.
    const fresh = events.slice(Math.max(0, this.#next - first));
    if (fresh.length === 0) return;
    const next = first + events.length;
    const lost = next - fresh.length - this.#next;
    this.#next = next;
    this.#keptLines = undefined;
    this.#kept.push(...fresh);
    this.#kept.splice(0, this.#kept.length - EVENTS_KEPT);
    for (const follower of this.#followers) tell(follower, fresh, lost);
  }
}

function tell(follower: Follower, events: readonly ToldEvent[], lost: number): void {
  follower.lost += lost;
  if ((follower.controller.desiredSize ?? 0) <= 0) {
    follower.lost += events.length;
    return;
  }
  tellLost(follower);
  follower.controller.enqueue(linesOf(events));
}

function tellLost(follower: Follower): void {
  const { lost } = follower;
  if (lost === 0) return;
  follower.lost = 0;
  const msg = `${lost} events were lost: they were not read in time`;
  follower.controller.enqueue(linesOf([{ event: 'lost', lost, msg }]));
}

function linesOf(events: readonly ToldEvent[]): Uint8Array {
  return Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}
