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

t.test('a reserved ID is given to nobody, and taken by whom it is kept for', (t) => {
  const ids = new PeerIds();
  for (const id of [0, 2, 65_535]) ids.reserve(id);
  t.equal(ids.left, 65_533);
  t.strictSame([next(ids), next(ids)], [1, 3]);
  ids.take(2);
  t.equal(ids.isReserved(2), false);
  t.equal(ids.left, 65_531, 'it was in use all the time');
  t.equal(next(ids), 4, 'and those who come later go on where they were');
  ids.retire(2, 0);
  ids.reserve(2);
  t.ok(ids.isReserved(2), 'one that came free can be reserved again');
  t.end();
});

t.test('a reserved ID that is released is free, and comes when those who come get there', (t) => {
  const ids = new PeerIds();
  for (const id of [0, 1, 65_535]) ids.reserve(id);
  for (const id of [1, 65_535]) ids.release(id);
  t.strictSame([ids.left, ids.isReserved(1), next(ids)], [65_535, false, 1]);
  ids.reserve(65_535);
  ids.take(65_535);
  for (const id of [2, 65_535])
    t.throws(() => ids.release(id), new RangeError(`ID ${id} is not reserved`));
  t.equal(ids.left, 65_533, 'which changes nothing');
  t.end();
});

t.test('an ID is free, reserved, in use or retired', (t) => {
  const ids = new PeerIds();
  const states: string[] = [ids.stateOf(7)];
  const look = (): number => states.push(ids.stateOf(7));
  ids.reserve(7);
  look();
  ids.take(7);
  look();
  ids.retire(7, 1);
  look();
  ids.forget(7);
  look();
  t.strictSame(states, ['free', 'reserved', 'in use', 'retired', 'free']);
  t.end();
});

t.test('65,536 IDs reserved and released, all or every other, are free as before', (t) => {
  const ids = new PeerIds();
  for (let id = 0; id < 65_536; id += 1) ids.reserve(id);
  t.strictSame([ids.left, ids.peek()], [0, undefined]);
  for (let id = 1; id < 65_536; id += 2) ids.release(id);
  t.strictSame([ids.left, next(ids), next(ids)], [32_768, 1, 3]);
  for (let id = 0; id < 65_536; id += 2) ids.release(id);
  t.strictSame([ids.left, next(ids)], [65_534, 4]);
  t.end();
});

t.test('an ID in use, retired or reserved cannot be reserved', (t) => {
  const ids = new PeerIds();
  ids.reserve(7);
  for (let id = 0; id < 2; id += 1) next(ids);
  ids.retire(1, 1);
  const left = ids.left;
  for (const id of [0, 1, 7])
    t.throws(() => ids.reserve(id), new RangeError(`ID ${id} is not free`));
  t.equal(ids.left, left);
  ids.forget(1);
  ids.reserve(1);
  t.equal(ids.left, left, 'neither retired nor free');
  t.end();
});

t.test('all 65,536 IDs beside reserved ones: each is given once, and none of those', (t) => {
  const ids = new PeerIds();
  const reserved = Array.from({ length: 1_000 }, (_, index) => (index * 7_919) % 65_536);
  for (const id of reserved) ids.reserve(id);
  const given = new Set<number>();
  for (let id = next(ids); id >= 0; id = next(ids)) given.add(id);
  t.equal(given.size, 64_536);
  t.notOk(reserved.some((id) => given.has(id)));
  t.strictSame([ids.left, ids.peek()], [0, undefined]);
  for (const id of reserved) ids.take(id);
  ids.retire(5, 0);
  t.strictSame([next(ids), next(ids)], [5, -1], 'around the end and past those that are taken');
  t.end();
});

t.test('an ID that is retired for good never comes back', (t) => {
  const ids = new PeerIds();
  next(ids);
  ids.retire(0, Infinity);
  ids.forget(0);
  t.equal(ids.stateOf(0), 'retired');
  t.equal(ids.left, 65_535);
  t.end();
});
