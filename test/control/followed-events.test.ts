// Rule 1: what a server and its front do is made up here: more events than are kept, and the very moments between.
import t from 'tap';
import { EVENTS_KEPT } from '../../src/control/event-feed.js';
import {
  followedEvents,
  type EventLine,
  type EventSource,
} from '../../src/control/followed-events.js';

const event = (number: number): EventLine => ({ event: 'join', number });
const events = (from: number, to: number): EventLine[] =>
  Array.from({ length: to - from }, (_, index) => event(from + index));
const lost: EventLine = { event: 'lost', lost: 3 };

class HangUp extends Error {
  readonly code: string;
  constructor(code = 'ECONNRESET') {
    super(code);
    this.code = code;
  }
}

interface Front {
  /** What who follows is told, before this front dies; a code: it does not even answer. */
  readonly told: readonly EventLine[] | string;
  /** What it tells is kept, one answer after the other. */
  readonly kept?: readonly (readonly EventLine[])[];
  readonly isEnd?: boolean;
}

/** What is told by these fronts, one after the other, and whether all were closed that were not read to the end. */
async function toldBy(...fronts: readonly Front[]): Promise<{ told: EventLine[]; closed: number }> {
  let index = -1;
  let closed = 0;
  let answers: (readonly EventLine[])[] = [];
  const source: EventSource = {
    follow: async () => {
      index += 1;
      const front = fronts[index];
      if (front === undefined) throw new HangUp('ECONNREFUSED');
      if (typeof front.told === 'string') throw new HangUp(front.told);
      answers = [...(front.kept ?? [])];
      return { events: streamOf(front), close: () => (closed += 1) };
    },
    kept: async () => {
      const kept = answers.shift();
      if (kept === undefined) throw new HangUp();
      return kept;
    },
  };
  const told = [];
  for await (const each of followedEvents(source)) told.push(each);
  return { told, closed };
}

async function* streamOf({ told, isEnd = false }: Front): AsyncGenerator<EventLine, void> {
  if (typeof told !== 'string') yield* told;
  if (!isEnd) throw new HangUp();
}

t.test('a new front goes on where the last one died', async (t) => {
  const { told } = await toldBy(
    { told: events(0, 3) },
    { told: 'ECONNRESET' },
    { told: 'ERR_IVSHMEM_NO_ANSWER' },
    { told: events(0, 2), kept: [] },
    { told: [lost, ...events(0, 5), lost], kept: [events(0, 4)] },
    { told: events(0, 6), kept: [events(0, 6)], isEnd: true },
  );
  t.same(told, [...events(0, 5), lost, event(5)]);
});

t.test('what may be missing is said', async (t) => {
  const later = events(5, 5 + EVENTS_KEPT);
  const { told } = await toldBy(
    { told: events(0, 2) },
    { told: [...later, event(9_999)], kept: [later], isEnd: true },
  );
  t.match(told[2], { event: 'lost', msg: /may be missing/ });
  t.same([...told.slice(0, 2), ...told.slice(3)], [...events(0, 2), ...later, event(9_999)]);
});

t.test('the last one that was told is passed over, be it the first that is kept', async (t) => {
  const kept = events(1, 1 + EVENTS_KEPT);
  const { told } = await toldBy({ told: events(0, 2) }, { told: kept, kept: [kept], isEnd: true });
  t.same(told, events(0, 1 + EVENTS_KEPT));
});

t.test('of equal events as many are passed over as were told', async (t) => {
  const [a, b] = [event(1), event(2)];
  const { told } = await toldBy(
    { told: [a, b, a] },
    { told: [a, b, a, a], kept: [[a, b, a, a]] },
    { told: [a, b, a, a, b], kept: [[a, b, a, a, b]], isEnd: true },
  );
  t.same(told, [a, b, a, a, b]);
});

t.test('of equal events that are kept in part none is told twice', async (t) => {
  const kept = [event(0), ...events(1, EVENTS_KEPT)];
  const { told } = await toldBy(
    { told: [event(0), event(0)] },
    { told: [...kept, event(9_999)], kept: [kept], isEnd: true },
  );
  t.match(told[2], { event: 'lost', msg: /may be missing/ });
  t.same(told.toSpliced(2, 1), [event(0), ...kept, event(9_999)]);
});

t.test('another server is the end of the one that was followed', async (t) => {
  const other = events(100, 105);
  t.same(await toldBy({ told: events(0, 2) }, { told: other, kept: [other] }), {
    told: events(0, 2),
    closed: 1,
  });
});

t.test('who was told of nothing yet is told all', async (t) => {
  const { told } = await toldBy({ told: [] }, { told: events(0, 2), isEnd: true });
  t.same(told, events(0, 2));
});

t.test('what is none of this is an error', async (t) => {
  const source: EventSource = {
    follow: () => Promise.reject(new HangUp('EACCES')),
    kept: () => Promise.reject(new HangUp()),
  };
  await t.rejects(followedEvents(source).next(), { code: 'EACCES' });
});
