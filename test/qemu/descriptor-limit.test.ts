// A real device whose process may have few descriptors. One announcement too many, and QEMU takes a
// connect for a disconnect and aborts: the newcomer must be refused before it comes to that.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { ringsEvery, vectors } from '../helper/rings.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { until } from '../helper/until.js';

const fdLimit = 128;

t.test('no join takes a stopped device past its descriptor limit', need('qemu'), async (t) => {
  const region = await Region.listen(t, { vectors: 8 });
  const { socket } = region;
  const low = await Device.start(t, { socket, vectors: 8, fdLimit });
  const other = await Device.start(t, { socket, vectors: 8 });
  t.same(await ringsEvery(low, other), vectors(8));
  low.qemu.stop();
  const room = fdLimit - openDescriptors(low);

  const admitted: SocketPeer[] = [];
  let last = await join();
  while (last.refusal === undefined && admitted.length < room) {
    admitted.push(last);
    last = await join();
  }
  t.ok(admitted.length * 8 <= room, 'there is room for every doorbell that it is owed');
  t.ok(admitted.length * 8 >= room / 2, 'and not refused long before');
  const { reason, version, message } = await region.refused();
  t.equal(reason, 'qemu-descriptors');
  t.equal(last.refusal, version);
  t.match(message, `${fdLimit}`, 'with the figures');
  t.match(message, `${low.qemu.pid}`, 'and the process');
  t.same(await ringsEvery(other, other), vectors(8), 'the others do not notice');

  low.qemu.cont();
  for (const peer of admitted) {
    t.same(await ringsEvery(low, peer), vectors(8), `it rings peer ${peer.id}`);
  }
  t.ok(await low.qemu.lives());
  t.equal(openDescriptors(low), fdLimit - room + admitted.length * 8);

  admitted[0]?.leave();
  const next = await until('where one left another may come', async () => {
    const peer = await join();
    return peer.refusal === undefined && peer;
  });
  t.same(await ringsEvery(low, next), vectors(8));

  async function join(): Promise<SocketPeer> {
    return SocketPeer.join(t, socket, { vectors: 8, onlyOwn: true });
  }
});

t.test(
  'a limit that is raised admits the next, one that is lowered refuses it',
  need('qemu'),
  async (t) => {
    const { socket } = await Region.listen(t, { vectors: 8 });
    const low = await Device.start(t, { socket, vectors: 8 });
    await setLimit(low, 64);
    const join = (): Promise<SocketPeer> =>
      SocketPeer.join(t, socket, { vectors: 8, onlyOwn: true });
    let refused = await join();
    while (refused.refusal === undefined) refused = await join();

    await setLimit(low, 1024);
    const next = await until('the remedy helps', async () => {
      const peer = await join();
      return peer.refusal === undefined && peer;
    });
    t.same(await ringsEvery(low, next), vectors(8));

    await setLimit(low, openDescriptors(low) + 4);
    t.type((await join()).refusal, 'number', 'the next is refused');
    t.ok(await low.qemu.lives());
  },
);

/** Sets the soft limit, and waits until the server's last look at it is old: a second. */
async function setLimit({ qemu }: Device, limit: number): Promise<void> {
  execFileSync('prlimit', ['--pid', String(qemu.pid), `--nofile=${limit}:`]);
  await sleep(1_100);
}

function openDescriptors({ qemu }: Device): number {
  return readdirSync(`/proc/${qemu.pid}/fd`).length;
}
