// The last events: kept up to a number, told from a number on.
import t from 'tap';
import { EventFeed, EVENTS_KEPT } from '../../src/control/event-feed.js';

function add(feed: EventFeed, count: number, from = 0): void {
  for (let n = from; n < from + count; n += 1)
    feed.add({ level: 'info', fields: { event: 'join', peer: n }, message: `peer ${n}` });
}

t.test('an event is told as the log has it', async (t) => {
  const feed = new EventFeed();
  add(feed, 1);
  const { events, first } = feed.since(0);
  t.match(events, [{ level: 'info', event: 'join', peer: 0, msg: 'peer 0', time: /^\d{4}-.*Z$/ }]);
  t.equal(first, 0);
});

t.test('who asks from a number on gets those from there, once', async (t) => {
  const feed = new EventFeed();
  add(feed, 5);
  t.same(
    feed.since(3).events.map(({ peer }) => peer),
    [3, 4],
  );
  t.same(feed.since(5).events, []);
});

t.test('so many are kept, and who comes later sees how many it missed', async (t) => {
  const feed = new EventFeed();
  add(feed, EVENTS_KEPT + 7);
  const { events, first } = feed.since(2);
  t.same([events.length, first], [EVENTS_KEPT, 7]);
  t.equal(events[0]?.['peer'], 7);
});

t.test('who waits is told what comes in one turn at once', async (t) => {
  const feed = new EventFeed();
  add(feed, 1);
  const [one, other] = [feed.after(1), feed.after(1)];
  add(feed, 3, 1);
  for (const batch of [await one, await other])
    t.same(
      batch.events.map(({ peer }) => peer),
      [1, 2, 3],
    );
});

t.test('who need not wait does not', async (t) => {
  const feed = new EventFeed();
  add(feed, 1);
  t.equal((await feed.after(0)).events.length, 1);
});
