// What a hostile peer can do to real QEMUs of its region by one flag, O_NONBLOCK, that all holders of a
// doorbell share. docs/security.md tells it.
import t from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';
import { drainEventfd, inspectEventfd, ringEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { Device } from '../helper/device.js';
import { HostilePeer } from '../helper/hostile-peer.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { makeBlocking } from '../native/status-flags.js';
import { ringsEvery, vectors } from '../helper/rings.js';
import { until } from '../helper/until.js';

t.test('can: hang a QEMU that rings a stopped one, until it goes on', need('qemu'), async (t) => {
  const region = await Region.listen(t, {});
  const hostile = await HostilePeer.join(t, region.socket);
  const [a, b] = await Device.startAll(t, 2, { socket: region.socket });
  t.same(await ringsEvery(a, b), vectors(1));
  await until('it knows b', () => hostile.knows(b.id));
  b.qemu.stop();
  hostile.block(b.id);
  let isOver = false;
  const ring = a.ring(b.id, 0).then(() => (isOver = true));
  await sleep(500);
  t.equal(isOver, false, 'the QEMU of the ringer stands still');
  b.qemu.cont();
  await ring;
  t.ok(await a.qemu.lives());
  ringEventfd(hostile.doorbell(b.id)); // b may be waiting for one in its turn
  t.ok(await b.qemu.lives());
});

t.test('can: hang a QEMU that is rung, until it is rung again', need('qemu'), async (t) => {
  const region = await Region.listen(t, { vectors: 64 });
  const hostile = await HostilePeer.join(t, region.socket);
  const a = await Device.start(t, { socket: region.socket, vectors: 64 });
  await until('it knows a', () => hostile.knows(a.id));
  const doorbells = Array.from({ length: 64 }, (_, vector) => hostile.doorbell(a.id, vector));
  const first = doorbells[0]!;
  const last = doorbells[63]!;
  const isTaken = (doorbell: Fd) => inspectEventfd(doorbell).count === 0n;
  let answered = true;
  await until('a waits for a ring that was taken from it', async () => {
    // It finds all of them rung at once, and serves one after the other, from either end.
    a.qemu.stop();
    for (const doorbell of doorbells) {
      makeBlocking(doorbell.rawFd);
      ringEventfd(doorbell);
    }
    a.qemu.cont();
    const end = performance.now() + 1_000;
    while (!isTaken(first) && !isTaken(last) && performance.now() < end);
    const unserved = isTaken(first) ? doorbells.toReversed() : doorbells;
    for (const doorbell of unserved) drainEventfd(doorbell);
    answered = false;
    const settled = a.settle().then(() => (answered = true));
    await Promise.race([settled, sleep(300)]);
    return !answered;
  });
  for (const doorbell of doorbells) ringEventfd(doorbell);
  await until('it goes on', () => answered);
  t.ok(await a.qemu.lives());
});
