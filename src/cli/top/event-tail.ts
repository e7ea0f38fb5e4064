// The last events of a server, as lines.
import type { EventLine } from '../../control/followed-events.js';

// No screen has room for more.
const KEPT = 50;

/** An event on one line: the time of day here, and what happened. */
export function eventText({ time, msg }: EventLine): string {
  const text = String(msg);
  return typeof time === 'string' ? `${timeText(new Date(time))} ${text}` : text;
}

/** The time of day here: `09:05:00`. */
export function timeText(date: Date): string {
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** Keeps the last lines. */
export class EventTail {
  #lines: readonly string[] = [];
  #newest = '';
  #known = '';

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Begins to follow, be it again: all events that the server keeps come first. */
  begin(): void {
    this.#known = this.#newest;
  }

  /** Takes an event, and tells whether it is news. */
  add(event: EventLine): boolean {
    const { time = '' } = event;
    if (typeof time === 'string' && time !== '') {
      if (time <= this.#known) return false;
      this.#newest = time;
    }
    this.#lines = [...this.#lines, eventText(event)].slice(-KEPT);
    return true;
  }
}
