// Cutting a peer off: the others learn that it left, and it loses nothing that it has.
import t from 'tap';
import { monotonicMs } from '../../src/server/monotonic.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { Ledger } from '../helper/ledger.js';
import { VmScene } from '../helper/vm-scene.js';
import { until } from '../helper/until.js';

t.test('the others are told once that it left, and it keeps memory and doorbells', async (t) => {
  const scene = await VmScene.open(t, {});
  const evicted = await scene.join();
  const other = await scene.join();
  await scene.knows(0, 1, 2);
  evicted.read();

  const gone = await scene.region.server.evict(1);
  t.match(gone, { id: 1, pid: process.pid, isHost: false });
  await scene.knows(0, 2);
  await until('the other is told', () => (other.read(), !other.told.has(1)));
  await until('its connection is over', () => (evicted.read(), evicted.isOver));
  // What it has goes on working: it rings the others, and they are there.
  evicted.ring(0, 1);
  t.same(scene.witness.heard(), [0, 1]);
  t.same(
    scene.region.server.peers.map(({ id }) => id),
    [0, 2],
  );
  t.equal(scene.news, 0, 'and nobody is told anything else');
});

t.test('its peer ID is never given again', async (t) => {
  const region = await Region.listen(t, { vectors: 1 });
  const { server, socket } = region;
  const options = { vectors: 1, ledger: new Ledger() };
  const first = await StrictPeer.join(t, socket, options);
  t.equal(first.id, 0);
  await server.evict(0);
  t.equal(server.idsLeft, 65_535, 'though nobody is left who knew it');
  const second = await StrictPeer.join(t, socket, options);
  second.close();
  await region.left(2);
  t.equal(server.idsLeft, 65_535, 'and that of one that left is free again');
});

t.test('one that has not read what it was sent is not cut off, and nothing changes', async (t) => {
  const scene = await VmScene.open(t, {});
  const stopped = scene.connect();
  await until('it has joined', () => scene.region.joins === 2);
  await scene.knows(0, 1);
  await t.rejects(scene.region.server.evict(1), {
    code: 'ERR_IVSHMEM_UNREAD',
    message: /^peer 1 has [1-9]\d* messages unread, .*; let it go on .*\(pid \d+\)$/,
  });
  t.equal(scene.news, 0);
  await until('it reads all the same', () => (stopped.read(), stopped.isWelcomed));
  t.equal((await scene.region.server.evict(1)).id, 1, 'now that it has read, it can be');
});

t.test('one that goes by itself meanwhile is said to have left', async (t) => {
  const scene = await VmScene.open(t, {});
  const stopped = scene.connect();
  await until('it has joined', () => scene.region.joins === 2);
  const evicted = scene.region.server.evict(1);
  stopped.close();
  await t.rejects(evicted, { code: 'ERR_IVSHMEM_NO_SUCH_PEER', message: 'peer 1 has just left' });
});

t.test('there has to be such a peer', async (t) => {
  const { server } = await Region.listen(t, {});
  for (const id of [0, 65_535, 65_536, -1])
    await t.rejects(server.evict(id), {
      code: 'ERR_IVSHMEM_NO_SUCH_PEER',
      message: `no peer has the ID ${id}`,
    });
});

t.test('a VM that has a name comes back with another ID and other doorbells', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const evicted = await scene.join('web');
  t.equal(evicted.id, 1);
  await scene.knows(0, 1);
  evicted.read();
  await scene.region.server.evict(1);
  await scene.knows(0);
  const again = await scene.join('web');
  t.equal(again.id, 2, 'what still runs of the first believes in its ID');
  await scene.knows(0, 2);
  scene.witness.ring(2, 0);
  t.same(again.heard(), [1, 0]);
  t.same(evicted.heard(), [0, 0], 'and what is rung now is not its');
  await scene.part(again);
  t.equal((await scene.join('web')).id, 2, 'from now on it is kept as ever');
});

t.test('a VM whose ID is given is not cut off: it could not come back', async (t) => {
  const scene = await VmScene.open(t, { web: { id: 7 } });
  await scene.join('web');
  await scene.knows(0, 7);
  await t.rejects(scene.region.server.evict(7), {
    code: 'ERR_IVSHMEM_FIXED_ID',
    message: /^web always has the ID 7, .* end its process instead \(pid \d+\)/,
  });
  t.equal(scene.news, 0);
});

t.test('a host command that is cut off leaves its place to the next', async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 1 });
  const command = await SocketPeer.join(t, region.hostSocket, { vectors: 1 });
  await region.server.evict(command.id);
  const next = await SocketPeer.join(t, region.hostSocket, { vectors: 1 });
  t.equal(next.id, 1);
});

t.test('nor one whose ID was given to it by a reload, while it was there', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  await scene.join('web');
  await scene.knows(0, 1);
  t.same(scene.change({ web: { id: 1 } }), []);
  await t.rejects(scene.region.server.evict(1), { code: 'ERR_IVSHMEM_FIXED_ID' });
  t.same(scene.change({ web: {} }), [], 'and when it is given no more');
  t.equal((await scene.region.server.evict(1)).name, 'web');
});

t.test('who came to the ID after it was asked for is not meant', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const asked = await scene.join('web');
  const askedAtMs = monotonicMs();
  await scene.part(asked);
  const next = await scene.join('web');
  t.equal(next.id, 1, 'it has the same ID');
  await t.rejects(scene.region.server.evict(1, { askedAtMs }), {
    code: 'ERR_IVSHMEM_NO_SUCH_PEER',
    message: 'peer 1 came just now: who had this ID before has left',
  });
  t.equal((await scene.region.server.evict(1, { askedAtMs: monotonicMs() })).name, 'web');
});

t.test('what the last check says no to is not done', async (t) => {
  const scene = await VmScene.open(t, {});
  await scene.join();
  const check = (): void => {
    throw new Error('nobody wants it any more');
  };
  await t.rejects(scene.region.server.evict(1, { check }), { message: /^nobody wants it/ });
  t.equal(scene.region.server.peers.length, 2);
});
