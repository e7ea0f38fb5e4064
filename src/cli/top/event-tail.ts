// The last events of a server, as lines.
import type { EventLine } from '../../control/followed-events.js';
import { timeText } from '../time-text.js';

// No screen has room for more.
const KEPT = 50;

/** An event on one line: when it was, and what happened. */
export function eventText({ time, msg = '' }: EventLine): string {
  return time === undefined ? msg : `${timeText(new Date(time))} ${msg}`;
}

/** Keeps the last lines. */
export class EventTail {
  #events: readonly EventLine[] = [];
  #newest = '';
  #known = '';

  /** As they are to be read now: what was today may be yesterday's by then. */
  get lines(): readonly string[] {
    return this.#events.map(eventText);
  }

  /** Begins to follow, be it again: all events that the server keeps come first. */
  begin(): void {
    this.#known = this.#newest;
  }

  /** Takes an event, and tells whether it is news. */
  add(event: EventLine): boolean {
    const { time } = event;
    if (time !== undefined) {
      if (time <= this.#known) return false;
      this.#newest = time;
    }
    this.#events = [...this.#events, event].slice(-KEPT);
    return true;
  }
}
