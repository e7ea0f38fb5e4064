import t from 'tap';
import { inOrder, orders, type Order } from '../../../src/cli/top/peer-order.js';
import { madeUpPeer } from '../../helper/made-up-status.js';

const peers = [
  madeUpPeer({ id: 0, vm: 'web' }),
  madeUpPeer({ id: 1, vm: 'db', waiting: [0, 7] }),
  madeUpPeer({ id: 2, vm: 'mail', unread: 3 }),
  madeUpPeer({ id: 3, vm: 'proxy', isBehind: true, unread: 9 }),
  madeUpPeer({ id: 4, vm: 'cache', isBehind: true, isBlocked: true, unread: 5 }),
  madeUpPeer({ id: 5, vm: 'print', waiting: [8, 0] }),
  madeUpPeer({ id: 6, process: 'a' }),
  madeUpPeer({ id: 7, unread: 4, waiting: [1, 1] }),
];

function idsBy(order: Order): number[] {
  return inOrder(peers.toReversed(), order).map(({ id }) => id);
}

t.test(
  'the stuck come first: blocked, behind, unread, waiting rings; then all others',
  async (t) => {
    t.equal(orders[0], 'trouble');
    t.strictSame(idsBy('trouble'), [4, 3, 7, 2, 5, 1, 0, 6]);
  },
);

t.test('peers are sorted by ID, by name, by what waits', async (t) => {
  t.strictSame(idsBy('id'), [0, 1, 2, 3, 4, 5, 6, 7]);
  t.strictSame(idsBy('name'), [6, 4, 1, 2, 5, 3, 7, 0]);
  t.strictSame(idsBy('waiting'), [5, 1, 7, 0, 2, 3, 4, 6]);
});
