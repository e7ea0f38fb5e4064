// What a region counts: the numbers behind the metrics.
import t from 'tap';
import { Counters, JOIN_BUCKETS_SECONDS } from '../../src/server/counters.js';
import { Region } from '../helper/region.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { until } from '../helper/until.js';

t.test('joins, leaves, refusals, messages and batches are counted', async (t) => {
  const region = await Region.listen(t, { vectors: 2, maxPeers: 2 });
  const { counters } = region.server;
  const first = await SocketPeer.join(t, region.socket, { vectors: 2 });
  t.match(counters, { joins: 1, leaves: 0, messages: 5, batches: 1 });
  const second = await SocketPeer.join(t, region.socket, { vectors: 2 });
  // Its own seven messages, and two for the first.
  await until('the first is told', () => counters.messages === 5 + 7 + 2);
  t.equal(counters.batches, 3);
  for (let n = 0; n < 3; n += 1) await SocketPeer.join(t, region.socket, { vectors: 2 });
  t.same([...counters.refusals], [['peers', 3]]);
  second.leave();
  await until('the first is told', () => counters.messages === 15 && first.knows(second.id) === 0);
  t.match(counters, { joins: 2, leaves: 1, batches: 4 });
});

t.test('each join is in one bucket of the histogram', async (t) => {
  const { server, socket } = await Region.listen(t, {});
  for (let n = 0; n < 3; n += 1) await SocketPeer.join(t, socket, { vectors: 1 });
  const { joinBuckets, joinSeconds } = server.counters;
  t.equal(
    joinBuckets.reduce((sum, count) => sum + count, 0),
    3,
  );
  t.ok(joinSeconds > 0);
});

t.test('a join is in the first bucket whose bound it does not exceed', async (t) => {
  const counters = new Counters();
  for (const bound of JOIN_BUCKETS_SECONDS) counters.countJoin(bound);
  t.same(counters.joinBuckets, JOIN_BUCKETS_SECONDS.map(() => 1).concat(0));
  counters.countJoin(1.5);
  counters.countJoin(0);
  t.equal(counters.joinBuckets.at(-1), 1);
  t.equal(counters.joinBuckets[0], 2);
});

t.test('a call that took nothing is no batch', async (t) => {
  const counters = new Counters();
  counters.countSent(0);
  t.match(counters, { messages: 0, batches: 0 });
});
