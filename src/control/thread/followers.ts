// The stream of events: one line of JSON each.
//
// Rule 1: who does not read is not waited for, and nothing is kept for it: it is told how many it missed as
//         soon as it reads again.
// Rule 2: the server is asked once for all who follow, and not at all while nobody does.
import { ControlError } from '../control-error.js';
import type { EventBatch } from '../event-feed.js';
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
  #isAsking = false;
  #next = 0;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  /** The events that are kept, and with `follow` all that come. Rejects with ControlError (busy). */
  async stream({ follow }: { readonly follow: boolean }): Promise<ReadableStream> {
    if (follow && this.#followers.size >= MAX_FOLLOWERS) {
      throw new ControlError(
        'ERR_IVSHMEM_BUSY',
        `${MAX_FOLLOWERS} follow the events already: let one of them end`,
      );
    }
    const kept = await this.#asker.events(0);
    let follower: Follower | undefined;
    return new ReadableStream<string>(
      {
        start: (controller) => {
          controller.enqueue(linesOf(kept.events));
          if (!follow) {
            controller.close();
            return;
          }
          follower = { controller, lost: 0 };
          this.#add(follower, kept.next);
        },
        pull: () => {
          if (follower && follower.lost > 0) tellLost(follower);
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
    const followers = [...this.#followers];
    this.#followers.clear();
    if (followers.length === 0) return;
    const batch = await this.#asker.events(this.#next);
    for (const follower of followers) {
      tell(follower, batch);
      follower.controller.close();
    }
  }

  #add(follower: Follower, next: number): void {
    this.#followers.add(follower);
    if (this.#isAsking) return;
    this.#next = next;
    void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    while (this.#followers.size > 0) {
      const batch = await this.#asker.events(this.#next, { wait: true });
      this.#next = batch.next;
      for (const follower of this.#followers) tell(follower, batch);
    }
    this.#isAsking = false;
  }
}

function tell(follower: Follower, { events, lost }: EventBatch): void {
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
  const message = `${lost} events were lost: they were not read in time`;
  follower.controller.enqueue(linesOf([{ event: 'lost', lost, msg: message }]));
}

function linesOf(events: readonly Readonly<Record<string, unknown>>[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}
