// Real QEMUs that are cut off: they go on, with their memory and the doorbells that they have.
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { ringsEvery, vectors as all } from '../helper/rings.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { until } from '../helper/until.js';

const vectors = 4;

t.test(
  'a QEMU that is evicted rings those whom it knows, and has its memory',
  need('qemu'),
  async (t) => {
    const { server, socket } = await Region.listen(t, { vectors });
    const [evicted, stays] = await Device.startAll(t, 2, { socket, vectors });
    t.same(await ringsEvery(evicted, stays), all(vectors));
    t.equal((await server.evict(evicted.id)).pid, evicted.qemu.pid);
    t.same(await ringsEvery(evicted, stays), all(vectors));
    await evicted.write(0, 'still here');
    t.equal(await stays.readText(0, 10), 'still here');
    // Those who come and go now are nothing to it, and it lives.
    const late = await SocketPeer.join(t, socket, { vectors });
    t.not(late.id, evicted.id);
    late.leave();
    const other = await Device.start(t, { socket, vectors });
    t.same(await ringsEvery(other, stays), all(vectors), 'the others do not notice');
    t.ok(await evicted.qemu.lives());
    t.equal(evicted.qemu.stderr, '');
    t.equal(stays.qemu.stderr, '');
  },
);

t.test('a QEMU that is stopped is not evicted before it has read', need('qemu'), async (t) => {
  const { server, socket } = await Region.listen(t, { vectors });
  const [stopped, runs] = await Device.startAll(t, 2, { socket, vectors });
  t.same(await ringsEvery(stopped, runs), all(vectors));
  stopped.qemu.stop();
  const late = await SocketPeer.join(t, socket, { vectors });
  await t.rejects(server.evict(stopped.id), { code: 'ERR_IVSHMEM_UNREAD' });
  stopped.qemu.cont();
  t.same(await ringsEvery(stopped, late), all(vectors), 'it lacks nothing');
  await until('it is evicted', () =>
    server.evict(stopped.id).then(
      () => true,
      () => false,
    ),
  );
  t.ok(await stopped.qemu.lives());
});

t.test(
  'QEMUs that are evicted as they come have all of their own vectors',
  need('qemu'),
  async (t) => {
    const { server, socket } = await Region.listen(t, { vectors });
    const first = await Device.start(t, { socket, vectors });
    server.on('join', ({ id }) => {
      if (id !== first.id) server.evict(id).catch(() => undefined);
    });
    for (let n = 0; n < 4; n += 1) {
      const device = await Device.start(t, { socket, vectors });
      await until('it is gone', () => server.peers.length === 1);
      t.same(await ringsEvery(device, device), all(vectors), 'it rings itself');
      t.ok(await device.qemu.lives());
    }
  },
);
