// Both peers are in this process, so that a test says what comes between two rings.
import t from 'tap';
import { ping } from '../../../src/cli/peer/pinger.js';
import { Peer } from '../../../src/index.js';
import { Region } from '../../helper/region.js';

const { signal } = new AbortController();

t.test('a late answer is not taken for that of the next ring', async (t) => {
  const { socket } = await Region.listen(t, {});
  await using silent = await Peer.connect({ socket });
  await using pinger = await Peer.connect({ socket });
  const options = { id: 0, vector: 0, count: 3, timeoutMs: 20, signal };
  const onProgress = (): unknown => silent.ring(pinger.id, 0);
  const result = await ping(pinger, { ...options, onProgress });
  t.same(result, { roundTripsMs: [], lost: 3 });
});

t.test('what else rings while no ring is out is no answer', async (t) => {
  const { socket } = await Region.listen(t, {});
  await using silent = await Peer.connect({ socket });
  await using pinger = await Peer.connect({ socket });
  silent.ring(pinger.id, 0, 5);
  const options = { id: 0, vector: 0, count: 1, timeoutMs: 20, signal };
  const result = await ping(pinger, { ...options, onProgress: () => undefined });
  t.same(result, { roundTripsMs: [], lost: 1 });
});

t.test('called off, it keeps what it has and listens no more', async (t) => {
  const { socket } = await Region.listen(t, {});
  await using guest = await Peer.connect({ socket });
  await using pinger = await Peer.connect({ socket });
  guest.on('interrupt', () => guest.ring(pinger.id, 0));
  const stop = new AbortController();
  const result = await ping(pinger, {
    ...{ id: 0, vector: 0, count: 1000, timeoutMs: 15_000, signal: stop.signal },
    onProgress: ({ roundTripsMs }) => {
      if (roundTripsMs.length === 5) stop.abort();
    },
  });
  t.equal(result.roundTripsMs.length, 5);
  t.equal(result.lost, 0);
  t.equal(pinger.listenerCount('interrupt'), 0);
});
