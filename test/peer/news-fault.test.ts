// A server that breaks the protocol after its welcome: that ends the news, and nothing else.
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { Peer, WorkerPeer, type PeerHandle } from '../../src/index.js';
import { openDescriptors } from '../helper/descriptor-balance.js';
import { ScriptServer, type ScriptConnection, type Sent } from '../helper/script-server.js';
import { until } from '../helper/until.js';
import { withoutRoomUntil } from '../native/no-room.js';

/** Joins as peer 1 of a region in which peer 0 is, with one vector. */
async function join(server: ScriptServer): Promise<readonly [Peer, ScriptConnection]> {
  const { memory, doorbells } = server;
  const connecting = Peer.connect({ socket: server.socket });
  const connection = await server.serve([
    ['0000000000000000'],
    ['0100000000000000'],
    ['ffffffffffffffff', memory],
    ['0000000000000000', doorbells[0]],
    ['0100000000000000', doorbells[1]],
  ]);
  return [await connecting, connection];
}

/** Memory, doorbells and interrupts. */
async function goesOn(t: Test, peer: Peer): Promise<void> {
  t.equal(peer.isConnected, false);
  t.ok(peer.ring(1, 0, 3));
  t.same(await peer.nextInterrupt(), { vector: 0, count: 3 });
  t.ok(peer.ring(0, 0));
  t.same([...peer.peers], [[0, 1]], 'who was there then');
  new Uint8Array(peer.memory)[4095] = 7;
  t.equal(new Uint8Array(peer.map({ offset: 4095, length: 1 }).buffer)[0], 7);
}

type Act = (server: ScriptServer) => readonly Sent[];

const faults: Readonly<Record<string, readonly [error: object | undefined, act: Act]>> = {
  'its end': [undefined, () => []],
  'its end inside a message': [{ code: 'ERR_IVSHMEM_HANG_UP' }, () => [['00000000000000']]],
  'its end inside a message with a descriptor': [
    { code: 'ERR_IVSHMEM_HANG_UP' },
    ({ doorbells }) => [['02', doorbells[0]]],
  ],
  'a leave of somebody unknown': [{ code: 'ERR_IVSHMEM_LEAVE' }, () => [['0200000000000000']]],
  'a leave of ourselves': [{ code: 'ERR_IVSHMEM_LEAVE' }, () => [['0100000000000000']]],
  'a join of −1': [{ code: 'ERR_IVSHMEM_JOIN' }, ({ memory }) => [['ffffffffffffffff', memory]]],
  'one more own doorbell that is none': [
    { code: 'ERR_IVSHMEM_JOIN' },
    ({ memory }) => [['0100000000000000', memory]],
  ],
  'two descriptors in one message': [
    { code: 'ERR_IVSHMEM_TRUNCATED' },
    ({ doorbells }) => [['0200000000000000', ...doorbells]],
  ],
  'another two in two pieces': [
    { code: 'ERR_IVSHMEM_TRUNCATED' },
    ({ doorbells: [first, second] }) => [
      ['02000000', first],
      ['00000000', second],
    ],
  ],
};

for (const [name, [error, act]] of Object.entries(faults)) {
  t.test(`${name} is the end of the news only`, async (t) => {
    const server = new ScriptServer(t);
    const before = openDescriptors();
    const [peer, connection] = await join(server);
    // Has own doorbells watched as they come.
    const step = peer.nextInterrupt({ vector: 0 });
    const disconnected = once(peer, 'disconnect');
    for (const message of act(server)) connection.send(...message);
    connection.close();
    t.match(await disconnected, [error]);
    peer.ring(1, 0);
    t.same(await step, { vector: 0, count: 1 });
    await goesOn(t, peer);
    peer.close();
    t.same(openDescriptors(), before);
  });
}

t.test('a join without room for its descriptor is the end of the news only', async (t) => {
  const server = new ScriptServer(t);
  const before = openDescriptors();
  const [peer, connection] = await join(server);
  const disconnected = once(peer, 'disconnect');
  await withoutRoomUntil(async () => {
    connection.send('0200000000000000', server.doorbells[0]);
    t.match(await disconnected, [{ code: 'ERR_IVSHMEM_TRUNCATED' }]);
  });
  connection.close();
  await goesOn(t, peer);
  peer.close();
  t.same(openDescriptors(), before);
});

t.test('nothing is read or told after a fault', async (t) => {
  const server = new ScriptServer(t);
  const [peer, connection] = await join(server);
  for (const event of ['join', 'leave'] as const) peer.on(event, () => t.fail(event));
  const ends: unknown[] = [];
  peer.on('disconnect', (error) => ends.push(error));
  const disconnected = once(peer, 'disconnect');
  connection.send('0300000000000000');
  connection.send('0200000000000000', server.doorbells[0]);
  connection.send('0000000000000000');
  await disconnected;
  connection.close();
  t.match(ends, [{ code: 'ERR_IVSHMEM_LEAVE', message: /peer 3, not there$/ }]);
  t.same([...peer.peers], [[0, 1]]);
  peer.close();
});

t.test('an ID that is given again has its new doorbells, and an old handle has none', async (t) => {
  const server = new ScriptServer(t);
  const [peer, connection] = await join(server);
  t.teardown(() => peer.close());
  const before = peer.handle;
  connection.send('0000000000000000');
  await until('it left', () => !peer.peers.has(0));
  t.same(others(peer.handle), []);
  connection.send('0000000000000000', server.doorbells[0]);
  await until('its ID is there again', () => peer.peers.has(0));
  t.same(others(peer.handle), [[0, 1]]);
  t.same(others(before), [], 'its numbers could be something else by now');
  const again = peer.handle;
  connection.send('0000000000000000');
  await until('it left once more', () => !peer.peers.has(0));
  t.same(others(again), []);
});

/** Who is there for who opens the handle. */
function others(handle: PeerHandle): unknown[] {
  using opened = WorkerPeer.open(handle);
  return [...opened.peers];
}
