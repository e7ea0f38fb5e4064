// A closer look at peers: it finds what there is, and touches nothing.
import t from 'tap';
import { Ledger } from '../helper/ledger.js';
import { Region } from '../helper/region.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { until } from '../helper/until.js';
import { VmScene } from '../helper/vm-scene.js';

t.test('rings that wait are counted by vector, and are not taken', async (t) => {
  const { server, socket } = await Region.listen(t, { vectors: 3 });
  const a = await SocketPeer.join(t, socket, { vectors: 3 });
  const b = await SocketPeer.join(t, socket, { vectors: 3 });
  for (const vector of [1, 1, 2]) await b.ring(a.id, vector);
  for (let look = 0; look < 2; look += 1) {
    const [of] = [...server.inspectPeers()];
    t.same(
      Array.from(of?.doorbells ?? [], ({ count }) => count),
      [0n, 2n, 1n],
    );
  }
  t.same(await a.heard(), [1, 2]);
});

t.test('each doorbell is told by the number that its peer sees', async (t) => {
  const { server, socket } = await Region.listen(t, { vectors: 2 });
  const peers = [0, 1, 2].map(() => SocketPeer.join(t, socket, { vectors: 2 }));
  await Promise.all(peers);
  const ids = [...server.inspectPeers()].flatMap(({ doorbells }) =>
    Array.from(doorbells, ({ id }) => id),
  );
  t.equal(new Set(ids).size, 6);
});

t.test('one that does not read has messages unread, and is blocked after a second', async (t) => {
  const scene = await VmScene.open(t, {});
  const stopped = scene.connect();
  await until('it has joined', () => scene.region.joins === 2);
  const look = () => [...scene.region.server.inspectPeers()].find(({ peer }) => peer.id === 1);
  // Version, ID, memory, the witness and itself, two vectors each.
  t.match(look(), { unread: 7, isBehind: false, isBlocked: false });
  await until('it is blocked', () => look()?.isBlocked);
  await until('it reads', () => (stopped.read(), stopped.isWelcomed));
  t.match(look(), { unread: 0, isBlocked: false });
});

t.test('one that is stopped while others come and go is blocked all the same', async (t) => {
  const scene = await VmScene.open(t, {});
  const stopped = scene.connect();
  await until('it has joined', () => scene.region.joins === 2);
  const look = () => [...scene.region.server.inspectPeers()].find(({ peer }) => peer.id === 1);
  await until('it is blocked', async () => {
    await scene.part(await scene.join());
    return look()?.isBlocked;
  });
  await until('it reads', () => (stopped.read(), look()?.unread === 0));
  t.equal(look()?.isBlocked, false);
});

t.test('who has more to be told than its socket takes is behind', async (t) => {
  const region = await Region.listen(t, { vectors: 128 });
  // Ten peers' vectors are more than a socket takes.
  for (let n = 0; n < 10; n += 1)
    await SocketPeer.join(t, region.socket, { vectors: 128, onlyOwn: true });
  const stopped = StrictPeer.connect(region.socket, { vectors: 128, ledger: new Ledger() });
  t.teardown(() => {
    stopped.close();
  });
  await until('it has joined', () => region.joins === 11);
  const look = () => [...region.server.inspectPeers()].find(({ peer }) => peer.id === 10);
  await until('its socket is full', () => (look()?.unread ?? 0) > 100);
  t.equal(look()?.isBehind, true);
  await until('it reads', () => (stopped.read(), stopped.isWelcomed));
  await until('it is told all', () => look()?.isBehind === false);
});

t.test('who leaves between two looks is passed over', async (t) => {
  const region = await Region.listen(t, {});
  const [a, b, c] = await Promise.all(
    [0, 1, 2].map(() => SocketPeer.join(t, region.socket, { vectors: 1 })),
  );
  const looks = region.server.inspectPeers();
  t.match(looks.next(), { value: { peer: { id: 0 } } });
  for (const peer of [a, b, c]) if (peer?.id === 1) peer.leave();
  await region.left(1);
  t.same(
    [...looks].map(({ peer }) => peer.id),
    [2],
  );
});

t.test('a region that ends in the middle of a look has no more peers', async (t) => {
  const region = await Region.listen(t, {});
  for (let n = 0; n < 3; n += 1) await SocketPeer.join(t, region.socket, { vectors: 1 });
  const looks = region.server.inspectPeers();
  t.notOk(looks.next().done);
  await region.server.close({ timeoutMs: 0 });
  t.same([...looks], []);
});
