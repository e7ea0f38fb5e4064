// Real devices of real QEMUs of other users: who may not join exits with the reason, who may works.
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { asUser } from '../helper/as-user.js';
import { inCgroup } from '../helper/cgroup.js';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { Region } from '../helper/region.js';
import { ringsEvery, vectors } from '../helper/rings.js';

const friend = 100_000 + process.pid;
const stranger = friend + 1;

t.test("another user's QEMU is let in by its rule, or exits", need('qemu', 'root'), async (t) => {
  const region = await Region.listen(t, {
    vectors: 2,
    socketMode: 0o666,
    access: [{ user: friend }],
  });
  chmodSync(dirname(region.socket), 0o755);
  const options = { socket: region.socket, vectors: 2, as: asUser(friend) };
  const [a, b] = await Device.startAll(t, 2, options);
  t.same(await ringsEvery(a, b), vectors(2));
  for (const as of [asUser(stranger), []]) {
    const { code, stderr } = await new Qemu(t, { ...options, as }).exit;
    t.equal(code, 1);
    t.match(stderr, 'server sent version -13, expecting 0');
  }
  t.same(
    region.server.peers.map(({ uid }) => uid),
    [friend, friend],
  );
  t.match(region.refusals[0]?.message, new RegExp(`user ${stranger}, group ${stranger}`));
  t.same(await ringsEvery(a, b), vectors(2), 'the others do not notice');
});

t.test(
  'a QEMU is let in by its unit, or exits',
  need('qemu', 'root', 'cgroup', 'pidfd'),
  async (t) => {
    const access = [{ unit: 'vm-*.service' }];
    const region = await Region.listen(t, { vectors: 2, access });
    const options = { socket: region.socket, vectors: 2 };
    const vm = await Device.start(t, { ...options, as: inCgroup(t, 'vm-web.service') });
    const other = new Qemu(t, { ...options, as: inCgroup(t, 'web.service') });
    const { code, stderr } = await other.exit;
    t.equal(code, 1);
    t.match(stderr, 'server sent version -13, expecting 0');
    t.match(region.refusals[0]?.message, /unit web\.service$/);
    t.same(await ringsEvery(vm, vm), vectors(2));
  },
);
