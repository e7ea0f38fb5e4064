// The events of a server, followed beyond the death of its front, which is started again.
//
// Rule 1: each event is told once: of those that are kept, and come first each time, the ones up to the last that
//         was told are passed over. If that one is kept no more, some may be missing, and that is said.
//         Events of one millisecond can be equal: as many of them are passed over as were told.
// Rule 2: another server at the same path is not gone on with: the one that was followed has ended.
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENTS_KEPT } from './event-feed.js';

/** A line of the log, as an object; `event` says what it is. */
export interface EventLine {
  readonly event: string;
  readonly time?: string;
  readonly level?: string;
  /** For people. */
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** An answer that goes on. */
export interface EventStream {
  readonly events: AsyncIterable<EventLine>;
  /** For who does not read it to its end. */
  close(): void;
}

/** Who is asked, each time anew. */
export interface EventSource {
  /** All that are kept, and all that come; rejects as a connect does when the server is there no more. */
  follow(): Promise<EventStream>;
  /** All that are kept. */
  kept(): Promise<readonly EventLine[]>;
}

const PAUSE_MS = 50;
const NOBODY_THERE: readonly unknown[] = ['ENOENT', 'ECONNREFUSED'];
// The second: it broke before anybody read.
const HANG_UPS: readonly unknown[] = ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'];
// After a while, from who is stopped or has no front yet.
const BUSY = 'ERR_IVSHMEM_NO_ANSWER';
const MISSING: EventLine = {
  event: 'lost',
  msg: 'some events may be missing: the front of the control socket was started again',
};

/** The events from the first that is kept to the end of the server. Rejects as the source does. */
export async function* followedEvents(
  source: EventSource,
  signal?: AbortSignal,
): AsyncGenerator<EventLine, void> {
  const told: string[] = [];
  let events: AsyncIterable<EventLine> | undefined = (await source.follow()).events;
  while (events !== undefined) {
    try {
      for await (const event of events) {
        if (event.event !== 'lost') told.push(JSON.stringify(event));
        if (told.length > EVENTS_KEPT) told.shift();
        yield event;
      }
      return;
    } catch (error) {
      if (!HANG_UPS.includes(codeOf(error))) throw error;
    }
    events = await followedAgain(source, lastOf(told), signal);
  }
}

interface Last {
  readonly line: string;
  /** How many like it were told. */
  readonly count: number;
}

function lastOf(told: readonly string[]): Last | undefined {
  const line = told.at(-1);
  return line === undefined
    ? undefined
    : { line, count: told.filter((one) => one === line).length };
}

// Undefined: the server is there no more.
async function followedAgain(
  source: EventSource,
  last: Last | undefined,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<EventLine> | undefined> {
  for (;;) {
    await sleep(PAUSE_MS, undefined, { signal });
    try {
      return await goneOn(source, last);
    } catch (error) {
      if (NOBODY_THERE.includes(codeOf(error))) return undefined;
      if (![...HANG_UPS, BUSY].includes(codeOf(error))) throw error;
    }
  }
}

async function goneOn(
  source: EventSource,
  last: Last | undefined,
): Promise<AsyncIterable<EventLine> | undefined> {
  const stream = await source.follow();
  if (last === undefined) return stream.events;
  try {
    // Asked for while the other answer stands, and so of the same server.
    const kept = await source.kept();
    const isSame = kept.length >= EVENTS_KEPT || kept.some((event) => isLine(event, last.line));
    if (isSame) return eventsAfter(last, stream.events);
  } catch (error) {
    stream.close();
    throw error;
  }
  stream.close();
  return undefined;
}

async function* eventsAfter(
  { line, count }: Last,
  events: AsyncIterable<EventLine>,
): AsyncGenerator<EventLine, void> {
  let [read, found] = [0, 0];
  // Since the last like it.
  let passed: EventLine[] = [];
  for await (const event of events) {
    if (found === count || read === EVENTS_KEPT) {
      yield event;
      continue;
    }
    // What a new front has not told was told by the one before it.
    if (event.event === 'lost') continue;
    read += 1;
    if (isLine(event, line)) [found, passed] = [found + 1, []];
    else passed.push(event);
    // Some like it are kept no more.
    if (found < count && read === EVENTS_KEPT) yield* [MISSING, ...passed];
  }
}

function isLine(event: EventLine, line: string): boolean {
  return JSON.stringify(event) === line;
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code;
}
