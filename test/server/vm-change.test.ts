// The list of VMs that have a name becomes another one while strict peers are attached.
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { failing } from '../helper/fault.js';
import { until } from '../helper/until.js';
import { VmScene } from '../helper/vm-scene.js';

const uid = process.getuid?.() ?? 0;

/** Names of sockets and locks. */
function files({ region }: VmScene): string[] {
  return readdirSync(path.dirname(region.socket)).sort();
}

t.test('a VM that is new has its slot and its socket, and nobody is told', async (t) => {
  const scene = await VmScene.open(t, {});
  t.same(scene.change({ web: {}, db: { id: 7 } }, { socketMode: 0o640 }), []);
  t.equal(statSync(scene.socketOf('web')).mode & 0o777, 0o640);
  t.same(files(scene), ['db', 'db.lock', 's', 's.lock', 'web', 'web.lock']);
  t.equal(scene.news, 0);
  const [web, db] = [await scene.join('web'), await scene.join('db')];
  t.same([web.id, db.id], [1, 7]);
  await scene.knows(0, 1, 7);
  await scene.part(web);
  t.equal((await scene.join('web')).id, 1);
  t.equal(scene.news, 0);
});

t.test('the ID of a VM that is new is kept from all others from then on', async (t) => {
  const scene = await VmScene.open(t, {});
  scene.change({ web: { id: 1 } });
  t.equal((await scene.join()).id, 2);
  t.equal((await scene.join('web')).id, 1);
});

t.test('an ID that is in use, retired or kept is refused, and the rest is done', async (t) => {
  const scene = await VmScene.open(t, { kept: { id: 3 }, pinned: { id: 9 } });
  const gone = await scene.join();
  await scene.knows(0, gone.id);
  await scene.part(gone);
  // Where two swap, each has what the other wants.
  const asked = { kept: { id: 9 }, pinned: { id: 3 }, a: { id: 0 }, b: { id: 1 }, c: { id: 4 } };
  const before = descriptorCount('self')!;
  t.match(scene.change(asked), [
    { vm: 'kept', message: 'kept cannot have peer ID 9, which is kept for another VM' },
    { vm: 'pinned', message: 'pinned cannot have peer ID 3, which is kept for another VM' },
    { option: 'vms', vm: 'a', message: 'a cannot have peer ID 0, which is in use' },
    { vm: 'b', message: /^b cannot have peer ID 1, which was that of one that left/, remedy: /\w/ },
  ]);
  t.equal(descriptorCount('self'), before + 3, 'the socket, the lock and the spare of c');
  t.same(files(scene), [
    'c',
    'c.lock',
    'kept',
    'kept.lock',
    'pinned',
    'pinned.lock',
    's',
    's.lock',
  ]);
  t.same(scene.region.server.vms.map(({ id }) => id), [3, 9, 4]); // prettier-ignore
});

t.test('a socket that cannot be had refuses its VM alone', async (t) => {
  const scene = await VmScene.open(t, {});
  const other = await VmScene.open(t, { taken: {} });
  writeFileSync(scene.socketOf('file'), 'mine');
  const before = descriptorCount('self')!;
  const refused = scene.change({
    nowhere: { socket: '/nowhere/s' },
    taken: { socket: other.socketOf('taken') },
    file: { id: 8 },
    long: { socket: 'x'.repeat(200) },
    web: { id: 9 },
  });
  t.match(refused, [
    { vm: 'nowhere', message: /^nowhere: ENOENT/, remedy: 'put that right, and reload' },
    { vm: 'taken', message: /^taken: a living server .* has / },
    { vm: 'file', message: /is no socket/ },
    { vm: 'long', message: /ENAMETOOLONG/ },
  ]);
  t.equal(descriptorCount('self'), before + 3);
  t.match(scene.region.server.vms, [{ name: 'web', id: 9, peer: undefined }]);
  t.equal(scene.region.server.vms.length, 1);
  t.same(scene.change({ web: { id: 9 }, later: { id: 8 } }), [], 'the ID of the refused is free');
  t.equal((await scene.join('web')).id, 9);
});

t.test('out of descriptors a VM is refused, and nothing is left of it', async (t) => {
  const scene = await VmScene.open(t, {});
  const before = descriptorCount('self')!;
  const fault = failing(t, 'socket', 'EMFILE');
  t.match(scene.change({ web: { id: 5 } }), [{ vm: 'web', message: /EMFILE/ }]);
  fault.restore();
  t.equal(descriptorCount('self'), before);
  t.same(files(scene), ['s', 's.lock']);
  t.same(scene.change({ web: { id: 5 } }), []);
});

t.test('a VM that is away and goes is a leave to those who knew it, once', async (t) => {
  const scene = await VmScene.open(t, { web: {}, db: {} });
  const web = await scene.join('web');
  const stalled = scene.connect();
  await scene.region.joined(3);
  await scene.knows(0, 1, 2);
  await scene.part(web);
  t.same(scene.change({ db: {} }), []);
  await until('the leave came', () => scene.news === 1);
  t.same([...scene.witness.told.keys()], [0, 2]);
  t.same(files(scene), ['db', 'db.lock', 's', 's.lock']);
  await until('the stalled one has it', () => stalled.read() >= 0 && stalled.told.size === 2);
  t.same((await scene.join()).told.size, 3, 'who comes now is not told of it');
  t.equal(scene.news, 2, 'the vectors of who came');
  scene.change({ db: {} });
  t.equal(scene.news, 0);
});

t.test('the ID of one that went is retired, or free where nobody was told of it', async (t) => {
  const scene = await VmScene.open(t, { web: { id: 1 }, never: { id: 2 } });
  await scene.part(await scene.join('web'));
  await scene.knows(0, 1);
  scene.change({});
  t.equal(scene.region.server.idsLeft, 65_534, 'the witness and who it knew');
  const one = await scene.join();
  t.equal(one.id, 2);
  t.match(scene.change({ web: { id: 1 } }), [{ vm: 'web', message: /left/ }]);
  await scene.part(scene.witness);
  t.same(scene.change({ web: { id: 1 } }), [], 'whoever knew it has left');
  scene.ledger.forget(1);
  const web = await scene.join('web');
  t.equal(web.id, 1);
});

t.test('an attached VM stays as it was, and can go when it has left', async (t) => {
  const scene = await VmScene.open(t, { web: {}, db: {} });
  const web = await scene.join('web');
  await scene.knows(0, 1);
  t.match(scene.change({ db: {} }), [
    {
      vm: 'web',
      message: `web is attached (peer 1, pid ${process.pid}): it can go when it has left`,
      remedy: 'end it, and reload',
    },
  ]);
  t.same(scene.region.server.vms.map(({ name }) => name), ['db', 'web']); // prettier-ignore
  await scene.part(web);
  const again = await scene.join('web');
  t.equal(again.id, 1, 'and can come back until then');
  t.equal(scene.news, 0);
  again.close(); // not seen by the server yet
  t.same(scene.change({ db: {} }), []);
  t.equal(scene.region.leaves, 2);
  await until('the leave came', () => scene.news === 1);
  t.notOk(existsSync(scene.socketOf('web')));
});

t.test('who queues at a socket that is shut is refused', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const queued = [scene.connect('web'), scene.connect('web'), scene.connect('web')];
  t.same(scene.change({}), []);
  await until('all are told', () => {
    for (const peer of queued) peer.read();
    return queued.every(({ refusal, isOver }) => refusal === -108 && isOver);
  });
  t.match(await scene.region.refused(), {
    reason: 'stopping',
    message: /^this is the socket of web/,
    remedy: /\w/,
  });
  t.equal(scene.news, 0);
  t.throws(() => scene.connect('web'), { code: 'ENOENT' });
});

t.test('where the kernel would not accept, who queues is refused a little later', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const before = descriptorCount('self')!;
  const queued = scene.connect('web');
  scene.region.server.on('error', () => undefined);
  failing(t, 'accept4', 'ENOMEM', { times: 1 });
  t.same(scene.change({}), []);
  t.match(scene.change({ web: {} }), [{ message: /living server/ }], 'its socket is still there');
  await until('it is told', () => queued.read() > 0);
  t.equal(queued.refusal, -108);
  queued.close();
  await until('it is shut', () => descriptorCount('self') === before - 3);
  t.same(scene.change({ web: {} }), []);
});

t.test('a server that ends while a socket is being shut leaves nothing', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const queued = scene.connect('web');
  scene.region.server.on('error', () => undefined);
  failing(t, 'accept4', 'ENOMEM', { times: 1 });
  scene.change({});
  await scene.region.server.close();
  queued.read();
  t.equal(queued.refusal, -108);
  t.same(files(scene), []);
  t.same(scene.change({ web: {} }), [], 'and then nothing changes any more');
  t.same(files(scene), []);
});

t.test('a queue is emptied without a free descriptor, too', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const before = descriptorCount('self')!;
  // Each look at the queue fails first, the spare descriptor is for one.
  const accept = failing(t, 'accept4', 'EMFILE', { times: 1 });
  t.same(scene.change({}), []);
  accept.restore();
  t.equal(descriptorCount('self'), before - 3);
});

t.test('of an attached VM the rule changes: who comes next is judged by the new one', async (t) => {
  const scene = await VmScene.open(t, { web: { user: uid, socket: 'web' } });
  const web = await scene.join('web');
  t.same(scene.change({ web: { user: uid + 1, socket: 'web' } }), []);
  t.equal(web.read(), 0);
  t.equal(scene.region.server.peers.length, 2, 'it stays');
  await scene.part(web);
  t.equal((await scene.join('web')).refusal, -13);
  t.same(scene.change({ web: {} }), [], 'no rule: whoever comes');
  t.equal((await scene.join('web')).id, 1);
});

t.test('the order of the list is that in which newcomers are compared', async (t) => {
  const both = { a: { user: uid, id: 10 }, b: { user: uid, id: 11 } };
  const scene = await VmScene.open(t, both);
  const names = (): string[] => scene.region.server.vms.map(({ name }) => name);
  t.equal(scene.witness.id, 10, 'whoever comes is the first that is free');
  t.same(scene.change({ b: both.b, c: { user: uid, id: 12 }, a: both.a }), []);
  t.same(names(), ['b', 'c', 'a']);
  t.same([(await scene.join()).id, (await scene.join()).id], [11, 12]);
  t.match(scene.change({ c: { user: uid, id: 12 } }), [{ vm: 'b' }, { vm: 'a' }]);
  t.same(names(), ['c', 'b', 'a'], 'those that should have gone are last');
});

t.test('another ID is another slot: for one that is away, or refused', async (t) => {
  const scene = await VmScene.open(t, { web: { id: 5 }, db: { id: 6 } });
  t.same(scene.change({ web: { id: 7 }, db: {} }), []);
  t.same(scene.region.server.vms.map(({ id }) => id), [7, undefined], 'never announced'); // prettier-ignore
  const web = await scene.join('web');
  await scene.knows(0, 7);
  t.match(scene.change({ web: { id: 8 }, db: {} }), [
    { vm: 'web', message: /^web is attached .*: its ID can change when it has left/ },
  ]);
  await scene.part(web);
  t.same(scene.change({ web: { id: 8 }, db: {} }), []);
  await until('the leave came', () => scene.news === 1);
  t.equal((await scene.join('web')).id, 8);
  await scene.knows(0, 8);
  t.equal((await scene.join('db')).id, 1);
});

t.test('one whose new ID is not free keeps the old', async (t) => {
  const scene = await VmScene.open(t, { web: { id: 5 } });
  await scene.part(await scene.join('web'));
  await scene.knows(0, 5);
  t.match(scene.change({ web: { id: 0, socket: 'z' } }), [{ vm: 'web', message: /in use/ }]);
  t.notOk(existsSync(scene.socketOf('z')));
  t.equal((await scene.join('web')).id, 5);
  t.equal(scene.news, 0);
});

t.test('the ID that a VM has can become its fixed one, and the other way', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const web = await scene.join('web');
  await scene.knows(0, 1);
  t.same(scene.change({ web: { id: 1 } }), []);
  t.same(scene.change({ web: {} }), []);
  await scene.part(web);
  t.same(scene.change({ web: { id: 1 } }), []);
  t.equal((await scene.join('web')).id, 1);
  t.equal(scene.news, 0);
});

t.test('a VM that is away moves to another socket with its slot, and nobody is told', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const web = await scene.join('web');
  await scene.knows(0, 1);
  t.match(scene.change({ web: { socket: 'z' } }), [
    { vm: 'web', message: /: its socket can change when it has left/ },
  ]);
  t.same(files(scene), ['s', 's.lock', 'web', 'web.lock']);
  await scene.part(web);
  t.match(scene.change({ web: { socket: '/nowhere/z' } }), [{ vm: 'web', message: /ENOENT/ }]);
  await scene.part(await scene.join('web'));
  t.same(scene.change({ web: { socket: 'z' } }), []);
  t.same(files(scene), ['s', 's.lock', 'z', 'z.lock']);
  await scene.part(await scene.join('z'));
  t.same(scene.change({ web: { user: uid } }), [], 'and to none');
  t.same(files(scene), ['s', 's.lock']);
  t.equal((await scene.join()).id, 1);
  t.equal(scene.news, 0);
});

t.test('what one has that goes another gets in the same change', async (t) => {
  const scene = await VmScene.open(t, { web: { id: 5 } });
  t.same(scene.change({ www: { id: 5, socket: 'web' } }), []);
  const www = await scene.join('web');
  t.equal(www.id, 5);
  t.match(scene.region.server.vms, [{ name: 'www', id: 5 }]);
});

t.test(
  'mode and group hold for sockets of VMs; one that has vanished does not matter',
  async (t) => {
    const scene = await VmScene.open(t, { web: {}, db: {} });
    rmSync(scene.socketOf('db'));
    t.match(scene.change({ web: {}, db: {} }, { socketMode: 0o666 }), [
      { vm: 'db', message: /ENOENT/ },
    ]);
    t.equal(statSync(scene.socketOf('web')).mode & 0o777, 0o666);
    t.same(scene.change({ web: {} }), [], 'nor when it goes');
    t.same(files(scene), ['s', 's.lock', 'web', 'web.lock']);
  },
);

t.test('what is kept for VMs follows the list', async (t) => {
  const scene = await VmScene.open(t, {});
  const { server } = scene.region;
  const most = server.maxPeers;
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`vm${index}`, {}]));
  scene.change(many);
  // 2 vectors and a connection for each, and 3 descriptors for each socket.
  t.equal(server.maxPeers, most === 65_536 ? most : most - 40);
  scene.change({});
  t.equal(server.maxPeers, most);
});

t.test('a list with an error changes nothing', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  t.throws(() => scene.change({ db: { id: -1 } }), { code: 'ERR_IVSHMEM_OPTION' });
  t.same(files(scene), ['s', 's.lock', 'web', 'web.lock']);
  t.equal((await scene.join('web')).id, 1);
});
