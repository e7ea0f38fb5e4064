import t from 'tap';
import { PeerIds } from '../../src/protocol/peer-ids.js';

/** Takes the next ID; −1 when there is none. */
function next(ids: PeerIds): number {
  const id = ids.peek();
  if (id === undefined) return -1;
  ids.take(id);
  return id;
}

t.test('IDs ascend from 0', (t) => {
  const ids = new PeerIds();
  t.equal(ids.left, 65_536);
  t.strictSame([next(ids), next(ids), next(ids)], [0, 1, 2]);
  t.equal(ids.left, 65_533);
  t.end();
});

t.test('to peek takes nothing', (t) => {
  const ids = new PeerIds();
  t.strictSame([ids.peek(), ids.peek(), ids.left], [0, 0, 65_536]);
  t.end();
});

t.test('an ID that was just used comes back last', (t) => {
  const ids = new PeerIds();
  t.equal(next(ids), 0);
  ids.retire(0, 0);
  t.equal(ids.left, 65_536);
  for (let id = 1; id < 65_536; id += 1) if (next(ids) !== id) t.fail(`expected ${id}`);
  t.equal(next(ids), 0, 'around the end');
  t.equal(ids.left, 0);
  t.end();
});

t.test('when all 65,536 are used there is none, and one given back is found', (t) => {
  const ids = new PeerIds();
  for (let id = 0; id < 65_536; id += 1) next(ids);
  t.equal(ids.left, 0);
  t.equal(ids.peek(), undefined);
  ids.retire(40_000, 0);
  t.equal(next(ids), 40_000);
  t.equal(ids.peek(), undefined);
  t.end();
});

t.test('a retired ID comes back when the last peer that knew its owner has left', (t) => {
  const ids = new PeerIds();
  for (let id = 0; id < 65_536; id += 1) next(ids);
  ids.retire(7, 2);
  t.equal(ids.left, 0);
  t.equal(ids.peek(), undefined);
  ids.forget(7);
  t.equal(ids.peek(), undefined);
  ids.forget(7);
  t.equal(ids.left, 1);
  t.equal(next(ids), 7);
  t.end();
});

t.test('those in use and those retired are stepped over', (t) => {
  const ids = new PeerIds();
  for (let id = 0; id < 65_536; id += 1) next(ids);
  for (const id of [1, 2, 3]) ids.retire(id, id === 2 ? 1 : 0);
  t.strictSame([next(ids), next(ids), next(ids)], [1, 3, -1]);
  t.end();
});

t.test('to forget an ID that is not retired is a bug, and changes nothing', (t) => {
  const ids = new PeerIds();
  next(ids);
  t.throws(() => {
    ids.forget(0);
  }, RangeError);
  t.throws(() => {
    ids.forget(1);
  }, RangeError);
  t.equal(ids.left, 65_535);
  t.end();
});
