import t from 'tap';
import { ratesBetween } from '../../../src/cli/top/rates.js';
import type { ServerStatus } from '../../../src/control/status.js';
import { madeUpPeer, madeUpRegion, madeUpStatus } from '../../helper/made-up-status.js';

function withPeers(...ids: readonly number[]): ServerStatus {
  const peers = ids.map((id) => madeUpPeer({ id }));
  return madeUpStatus({ regions: [madeUpRegion({ peers })] });
}

t.test('who is new joined, and who is missing left, so many a second', async (t) => {
  const before = { status: withPeers(0, 1, 2), atMs: 1_000 };
  const now = { status: withPeers(2, 3, 4, 5), atMs: 3_000 };
  t.strictSame(ratesBetween(before, now), { joins: 1.5, leaves: 1 });
});

t.test('a slot that is taken again is a leave and a join', async (t) => {
  const again = madeUpPeer({ id: 0, joinedAt: '2026-11-25T12:00:01.000Z' });
  const status = madeUpStatus({ regions: [madeUpRegion({ peers: [again] })] });
  const rates = ratesBetween({ status: withPeers(0), atMs: 0 }, { status, atMs: 1_000 });
  t.strictSame(rates, { joins: 1, leaves: 1 });
});

t.test('the same ID in another region is another peer', async (t) => {
  const [peers, name] = [[madeUpPeer({ id: 0 })], 'web'];
  const status = madeUpStatus({ regions: [madeUpRegion({ peers, name })] });
  const rates = ratesBetween({ status: withPeers(0), atMs: 0 }, { status, atMs: 500 });
  t.strictSame(rates, { joins: 2, leaves: 2 });
});

t.test('two servers, or two looks at once, tell nothing', async (t) => {
  const before = { status: withPeers(0), atMs: 0 };
  const later = { startedAt: '2026-11-25T10:00:01.000Z' };
  for (const other of [later, { pid: 1000 }]) {
    const status = { ...withPeers(1), ...other };
    t.equal(ratesBetween(before, { status, atMs: 1_000 }), undefined);
  }
  t.equal(ratesBetween(before, { status: withPeers(1), atMs: 0 }), undefined);
});
