// VMs that have a name, by strict peers: whoever comes to the socket of a VM is that VM.
import { readdirSync, statSync } from 'node:fs';
import t from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { connectSocket } from '../../native/unix-socket.js';
import { Server } from '../../src/index.js';
import { failing } from '../helper/fault.js';
import { Ledger } from '../helper/ledger.js';
import { MessageReader } from '../helper/message-reader.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { VmScene } from '../helper/vm-scene.js';

t.test('a VM that comes back has its ID and its doorbells, and nobody is told', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const first = await scene.join('web');
  t.equal(first.id, 1);
  await scene.knows(0, 1);
  for (let visit = 0; visit < 50; visit += 1) {
    await scene.part(visit === 0 ? first : await scene.join('web'));
    // That its doorbells are those of the first is what the ledger sees.
    const again = await scene.join('web');
    if (again.id !== 1) t.fail(`visit ${visit} has ID ${again.id}`);
    scene.witness.ring(1, 1);
    t.same(again.heard(), [0, 1]);
    await scene.part(again);
  }
  t.equal(scene.news, 0);
  t.equal(scene.region.server.idsLeft, 65_534);
});

t.test('what was rung while it was away is not rung when it is back', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  await scene.part(await scene.join('web'));
  await scene.knows(0, 1);
  for (let ring = 0; ring < 10; ring += 1) scene.witness.ring(1, 0);
  const web = await scene.join('web');
  t.same(web.heard(), [0, 0]);
  web.ring(0, 1);
  t.same(scene.witness.heard(), [0, 1]);
});

t.test('who comes to the socket of a VM is that VM and no other', async (t) => {
  const scene = await VmScene.open(t, { web: {}, db: {} });
  const db = await scene.join('db');
  const web = await scene.join('web');
  const other = await scene.join();
  t.same([db.id, web.id, other.id], [1, 2, 3], 'in the order in which they came first');
  await scene.part(db, web);
  t.same([(await scene.join('web')).id, (await scene.join('db')).id], [2, 1]);
});

t.test('who comes while a VM is away is told of it, and can ring it', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  await scene.part(await scene.join('web'));
  const late = await scene.join();
  t.same([...late.told], [[0, 2], [1, 2], [2, 2]]); // prettier-ignore
  const web = await scene.join('web');
  late.ring(1, 1);
  t.same(web.heard(), [0, 1]);
});

t.test('a VM that was never there is news to nobody', async (t) => {
  const scene = await VmScene.open(t, { web: {}, db: { id: 7 } });
  t.same([...(await scene.join()).told.keys()], [0, 1]);
});

t.test('the second claimant is refused, and told who has it', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const web = await scene.join('web');
  await scene.knows(0, 1);
  const second = await scene.join('web');
  t.equal(second.refusal, -98, 'minus EADDRINUSE');
  t.match(await scene.region.refused(), {
    reason: 'taken',
    message: `web is there already (peer 1, pid ${process.pid}, uid ${process.getuid?.()})`,
    remedy: /^end that one first/,
  });
  t.equal(web.read() + scene.news, 0, 'the others do not notice');
  await scene.part(web);
  t.equal((await scene.join('web')).id, 1);
});

t.test('a VM that is killed and started again at once has its slot', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  for (let visit = 0; visit < 50; visit += 1) {
    const web = await scene.join('web');
    t.equal(web.id, 1);
    web.close(); // in one turn of the server's loop with the next connect
  }
  await scene.knows(0, 1);
  t.same(scene.region.refusals, []);
});

t.test('a VM that does not read still has its slot', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const stopped = scene.connect('web');
  await scene.region.joined(2);
  t.equal((await scene.join('web')).refusal, -98);
  stopped.read();
  t.ok(stopped.isWelcomed, 'and its welcome');
});

t.test('a VM killed in the middle of its welcome leaves a whole slot', async (t) => {
  for (const bytes of [0, 3, 8, 16, 20, 24, 31, 39, 47]) {
    const scene = await VmScene.open(t, { web: {} });
    for (let visit = 0; visit < 2; visit += 1) {
      const web = scene.connect('web');
      await scene.region.joined(2 + visit);
      web.read(bytes);
      await scene.part(web);
      await scene.knows(0, 1);
    }
    const web = await scene.join('web');
    t.same([web.id, scene.news], [1, 0], `${bytes} bytes`);
  }
});

t.test('a fixed ID is kept from all others, and had whenever its VM comes', async (t) => {
  const scene = await VmScene.open(t, { first: { id: 0 }, last: { id: 65_535 }, web: { id: 2 } });
  t.equal(scene.witness.id, 1, 'the first to come is not 0');
  t.equal((await scene.join()).id, 3);
  t.equal((await scene.join('last')).id, 65_535);
  const first = await scene.join('first');
  t.equal(first.id, 0);
  await scene.knows(0, 1, 3, 65_535);
  await scene.part(first);
  t.equal((await scene.join()).id, 4, 'IDs go on where they were');
  t.equal((await scene.join('first')).id, 0);
  t.equal((await scene.join('web')).id, 2);
  await scene.knows(0, 1, 2, 3, 4, 65_535);
});

t.test('a VM whose ID is lower than those before it is told in the order of QEMU', async (t) => {
  const scene = await VmScene.open(t, { web: { id: 0 } });
  await scene.join();
  const reader = new MessageReader(connectSocket(scene.socketOf('web'))!);
  t.teardown(() => {
    reader.close();
  });
  const lines: string[] = [];
  await until('all of it', () => {
    reader.read(({ text, fd }) => {
      lines.push(text);
      fd?.close();
    });
    return lines.length >= 9;
  });
  t.same(lines, [
    '0000000000000000',
    '0000000000000000',
    'ffffffffffffffff fd',
    '0100000000000000 fd',
    '0100000000000000 fd',
    '0200000000000000 fd',
    '0200000000000000 fd',
    '0000000000000000 fd',
    '0000000000000000 fd',
  ]);
});

t.test('of a first join that fails nothing is left', async (t) => {
  for (const [name, vm] of Object.entries({ web: {}, fixed: { id: 9 } })) {
    const scene = await VmScene.open(t, { [name]: vm });
    const before = descriptorCount('self')!;
    for (let call = 0; call < 2; call += 1) {
      const fault = failing(t, 'eventfd', 'EMFILE', { after: call, times: 1 });
      const refused = await scene.join(name);
      fault.restore();
      t.equal(refused.refusal, -24, 'minus EMFILE');
      refused.close();
    }
    t.equal(descriptorCount('self'), before);
    t.equal(scene.news, 0);
    t.same((await scene.join()).told.size, 2, 'it is not in the log');
    t.equal((await scene.join(name)).id, vm.id ?? 2, 'and no ID was spent');
  }
});

t.test('VMs that have a name are not among the peers that a region takes', async (t) => {
  const scene = await VmScene.open(t, { web: {}, db: {} }, { maxPeers: 1 });
  t.equal((await scene.join()).refusal, -87, 'minus EUSERS: the witness is the one');
  t.ok((await scene.join('web')).isWelcomed);
  t.ok((await scene.join('db')).isWelcomed);
  await scene.part(scene.witness);
  t.ok((await scene.join()).isWelcomed);
});

t.test('nor among those that a user may have', async (t) => {
  const scene = await VmScene.open(t, { web: {}, db: {} }, { maxPeersPerUser: 1 });
  t.ok((await scene.join('web')).isWelcomed);
  t.equal((await scene.join()).refusal, -122, 'minus EDQUOT: the witness is the one');
  await scene.part(scene.witness);
  t.ok((await scene.join()).isWelcomed);
  t.ok((await scene.join('db')).isWelcomed);
});

t.test('rules of access hold for a VM that has a name, too', async (t) => {
  const directory = temp(t);
  const vms = [{ name: 'web', socket: `${directory}/web` }];
  const region = await Region.listen(t, { vms, access: [] });
  const web = await StrictPeer.join(t, vms[0]!.socket, { vectors: 1, ledger: new Ledger() });
  t.equal(web.refusal, -13, 'minus EACCES');
  t.match(await region.refused(), { reason: 'access' });
});

t.test('a VM that sends anything is let go, and its slot is free', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const web = await scene.join('web');
  web.hangUp('garbage');
  await scene.region.left(1);
  t.equal((await scene.join('web')).id, 1);
});

t.test('events, peers and VMs tell the name', async (t) => {
  const scene = await VmScene.open(t, { web: {}, db: { id: 7 } });
  const { server } = scene.region;
  const told: unknown[] = [];
  server.on('join', ({ id, name }) => told.push(['join', id, name]));
  server.on('leave', ({ id, name }) => told.push(['leave', id, name]));
  t.same(server.vms, [
    { name: 'web', id: undefined, socket: scene.socketOf('web'), peer: undefined },
    { name: 'db', id: 7, socket: scene.socketOf('db'), peer: undefined },
  ]);
  const web = await scene.join('web');
  t.match(server.peers[1], { id: 1, isHost: false, name: 'web', pid: process.pid });
  t.notOk('name' in server.peers[0]!);
  t.match(server.vms[0], { name: 'web', id: 1, peer: { id: 1, pid: process.pid } });
  await scene.part(web);
  t.match(server.vms[0], { name: 'web', id: 1, peer: undefined });
  t.same(told, [['join', 1, 'web'], ['leave', 1, 'web']]); // prettier-ignore
});

t.test("each VM's socket is made and put away like the region's", async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self')!;
  const vms = ['web', 'db'].map((name) => ({ name, socket: `${directory}/${name}` }));
  const options = { socket: `${directory}/s`, vms, socketMode: 0o640 };
  const server = await Server.listen(options);
  t.same(readdirSync(directory).sort(), ['db', 'db.lock', 's', 's.lock', 'web', 'web.lock']);
  for (const { socket } of vms) t.equal(statSync(socket).mode & 0o777, 0o640);

  const other = { ...options, socket: `${directory}/t`, vms: [vms[1]!] };
  await t.rejects(Server.listen(other), {
    code: 'ERR_IVSHMEM_SOCKET_IN_USE',
    path: vms[1]!.socket,
  });
  t.notOk(readdirSync(directory).includes('t'), 'and nothing is left of that');

  const peer = { vectors: 1, ledger: new Ledger(), hasFixedIds: true };
  const web = await StrictPeer.join(t, vms[0]!.socket, peer);
  const gone = await StrictPeer.join(t, vms[1]!.socket, peer);
  gone.close();
  await until('one has left', () => server.peers.length === 1);
  web.read();
  await server.close();
  web.close();
  t.same(readdirSync(directory), []);
  t.equal(descriptorCount('self'), before, 'doorbells of VMs that were away among them');
});
