// The events, and those who follow them: one line of JSON each.
//
// Rule 1: who does not read is not waited for, and nothing is kept for it: it is told how many it missed as
//         soon as it reads again.
// Rule 2: the server tells each event once, and who comes later is told from what is kept here.
import { ControlError } from '../control-error.js';
import { EVENTS_KEPT, type EventBatch, type ToldEvent } from '../event-feed.js';
import type { Asker } from './asker.js';

/** At most so many follow at a time. */
export const MAX_FOLLOWERS = 16;
const MAX_UNREAD_CHUNKS = 64;

interface Follower {
  readonly controller: ReadableStreamDefaultController<string>;
  lost: number;
}

/** Those who follow the events of one server. */
export class Followers {
  readonly #asker: Asker;
  readonly #followers = new Set<Follower>();
  readonly #kept: ToldEvent[] = [];
  #next = 0;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  /** Asks for events from now on, as long as the server answers. */
  async listen(): Promise<void> {
    for (;;) this.#receive(await this.#asker.events(this.#next));
  }

  /** The events that are kept, and with `follow` all that come. Throws ControlError (busy). */
  stream({ follow }: { readonly follow: boolean }): ReadableStream {
    if (follow && this.#followers.size >= MAX_FOLLOWERS) {
      throw new ControlError(
        'ERR_IVSHMEM_BUSY',
        `${MAX_FOLLOWERS} follow the events already: let one of them end`,
      );
    }
    let follower: Follower | undefined;
    return new ReadableStream<string>(
      {
        start: (controller) => {
          controller.enqueue(linesOf(this.#kept));
          if (follow) this.#followers.add((follower = { controller, lost: 0 }));
          else controller.close();
        },
        pull: () => {
          if (follower) tellLost(follower);
        },
        cancel: () => {
          if (follower) this.#followers.delete(follower);
        },
      },
      { highWaterMark: MAX_UNREAD_CHUNKS },
    ).pipeThrough(new TextEncoderStream());
  }

  /** Tells all who follow what there is, and that it was all. */
  async end(): Promise<void> {
    this.#receive(await this.#asker.eventsUntilNow(this.#next));
    for (const { controller } of this.#followers) controller.close();
    this.#followers.clear();
  }

  #receive({ events, next, lost }: EventBatch): void {
    // Asked for twice at the end.
    if (next <= this.#next) return;
    this.#next = next;
    this.#kept.push(...events);
    this.#kept.splice(0, this.#kept.length - EVENTS_KEPT);
    for (const follower of this.#followers) tell(follower, events, lost);
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

function linesOf(events: readonly ToldEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}
