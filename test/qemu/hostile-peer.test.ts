// What a hostile peer can do to real QEMUs of its region by one flag, O_NONBLOCK, that all holders of a
// doorbell share. docs/security.md tells it.
import t from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';
import { drainEventfd, ringEventfd } from '../../native/eventfd.js';
import { Child } from '../helper/child.js';
import { Device } from '../helper/device.js';
import { HostilePeer } from '../helper/hostile-peer.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { makeBlocking } from '../native/status-flags.js';
import { ringsEvery, vectors } from '../helper/rings.js';
import { until } from '../helper/until.js';

const SLOW_POLL = ['strace', '--trace=ppoll', '--inject=ppoll:delay_exit=1s', '--output=/dev/null'];

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

t.test(
  'can: hang a QEMU that is rung, until it is rung again',
  need('root', 'qemu', 'strace'),
  async (t) => {
    const region = await Region.listen(t, {});
    const hostile = await HostilePeer.join(t, region.socket);
    const a = await Device.start(t, { socket: region.socket });
    await until('it knows a', () => hostile.knows(a.id));
    const doorbell = hostile.doorbell(a.id);
    const isHung = async (): Promise<boolean> => {
      // Between the poll that tells a of its ring and the read that takes it is a microsecond: here it is a second.
      const slow = new Child(t, [...SLOW_POLL, `--attach=${a.qemu.pid}`]);
      await until('it is slow', () => slow.stderr.includes('attached'));
      makeBlocking(doorbell.rawFd);
      ringEventfd(doorbell);
      await sleep(300);
      drainEventfd(doorbell);
      await sleep(1_000);
      slow.kill('SIGINT');
      await slow.exit;
      return Promise.race([a.settle().then(() => false), sleep(3_000, true)]);
    };
    await until('a waits for a ring that was taken from it', isHung);
    ringEventfd(doorbell);
    await a.settle();
    t.ok(await a.qemu.lives());
  },
);
