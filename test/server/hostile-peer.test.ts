// What a hostile peer can do to the others of its region, by the nature of the device, and what it cannot.
// docs/security.md has each of it; a line there that is not held by a test here is held by one it names.
import { readSync, writeSync } from 'node:fs';
import t, { type Test } from 'tap';
import { ringEventfd } from '../../native/eventfd.js';
import { libc } from '../../native/libc.js';
import { addSeals, resizeMemory, seal } from '../../native/memory.js';
import { HostilePeer } from '../helper/hostile-peer.js';
import { Ledger } from '../helper/ledger.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { until } from '../helper/until.js';

const KEEP_SIZE_AND_PUNCH_HOLE = 3;
const size = 8 * 4096;

interface Scene {
  readonly region: Region;
  readonly hostile: HostilePeer;
  readonly a: StrictPeer;
  readonly b: StrictPeer;
  /** One more, whom the others know. */
  readonly join: () => Promise<StrictPeer>;
}

/** A hostile peer, and two that know each other. */
async function scene(t: Test): Promise<Scene> {
  const region = await Region.listen(t, { size });
  const hostile = await HostilePeer.join(t, region.socket);
  const options = { vectors: 1, ledger: new Ledger(), rings: true };
  const join = (): Promise<StrictPeer> => StrictPeer.join(t, region.socket, options);
  const [a, b] = [await join(), await join()];
  await until('they know each other', () => a.read() >= 0 && a.told.has(b.id));
  await until('it knows them', () => hostile.knows(b.id));
  return { region, hostile, a, b, join };
}

t.test('can: take the rings of others', async (t) => {
  const { hostile, a, b } = await scene(t);
  a.ring(b.id, 0);
  t.equal(hostile.drain(b.id), 1n);
  t.same(b.heard(), [0]);
});

t.test('can: ring as if it were anybody, and without end', async (t) => {
  const { hostile, a, b } = await scene(t);
  for (let count = 0; count < 1_000; count += 1) ringEventfd(hostile.doorbell(b.id));
  a.ring(b.id, 0);
  t.same(b.heard(), [1_001], 'a count has no sender');
});

t.test('can: fill a doorbell; who reads its own has it back', async (t) => {
  const { hostile, a, b } = await scene(t);
  hostile.block(b.id);
  t.throws(() => {
    a.ring(b.id, 0);
  }, /cannot ring/);
  t.ok(b.heard()[0]! > 0);
  a.ring(b.id, 0);
  t.same(b.heard(), [1]);
});

t.test('can: write all of the memory, and give its pages back', async (t) => {
  const { hostile, a } = await scene(t);
  const fd = hostile.memory.rawFd;
  writeSync(fd, 'scribble', 0);
  const byte = Buffer.alloc(1);
  t.equal(readSync(fd, byte, 0, 1, 0), 1);
  t.equal(byte.toString(), 's');
  t.equal(libc.fallocate(fd, KEEP_SIZE_AND_PUNCH_HOLE, 0, 4096), 0);
  readSync(fd, byte, 0, 1, 0);
  t.equal(byte[0], 0, 'a hole reads as zeroes; the size stays');
  t.equal(a.read(), 0);
});

t.test('can: keep all that it was sent when it has left', async (t) => {
  const { region, hostile, b, join } = await scene(t);
  hostile.leave();
  await region.left(1);
  ringEventfd(hostile.doorbell(b.id));
  t.same(b.heard(), [1], 'to end a connection takes nothing back');
  t.equal(writeSync(hostile.memory.rawFd, 'still', 0), 5);
  const c = await join();
  t.throws(() => hostile.doorbell(c.id), 'of who comes later it has nothing');
});

t.test('cannot: cut the sealed memory, make it grow, or seal it against the others', async (t) => {
  const { hostile } = await scene(t);
  for (const to of [0, size / 2, 2 * size])
    t.throws(() => resizeMemory(hostile.memory, to), { code: 'EPERM' });
  t.throws(() => addSeals(hostile.memory, seal.WRITE), { code: 'EPERM' });
});

t.test('cannot: cost others an announcement, or the server anything', async (t) => {
  const { region, hostile, a, b, join } = await scene(t);
  for (const peer of [a, b]) hostile.block(peer.id);
  hostile.leave();
  await region.left(1);
  const c = await join();
  await until('a knows c and not the hostile one', () => {
    a.read();
    return a.told.has(c.id) && !a.told.has(0);
  });
  c.close();
  await until('a knows that c is gone', () => a.read() >= 0 && !a.told.has(c.id));
  t.same([region.joins, region.leaves], [4, 2]);
});

t.test('cannot: make the server wait at a doorbell of its own', async (t) => {
  const region = await Region.listenWithHost(t, {});
  const options = { vectors: 1, ledger: new Ledger(), isVisitor: true };
  const first = await StrictPeer.join(t, region.hostSocket, options);
  const hostile = await HostilePeer.join(t, region.socket);
  await until('it knows the slot', () => hostile.knows(first.id));
  hostile.block(first.id);
  first.close();
  await region.left(1);
  const next = await StrictPeer.join(t, region.hostSocket, options);
  t.same([next.id, next.heard()], [first.id, [0]], 'the slot was drained for its next owner');
  hostile.drain(first.id);
  next.close();
  await region.left(2);
  t.ok((await StrictPeer.join(t, region.hostSocket, options)).isWelcomed, 'an empty one neither');
});
