// VMs that are known by who they are, where the kernel itself vouches for it: other users, units, real QEMUs.
import t, { type Test } from 'tap';
import { asUser } from '../helper/as-user.js';
import { inCgroup } from '../helper/cgroup.js';
import { Device } from '../helper/device.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { ringsEvery, vectors as all } from '../helper/rings.js';
import { Stranger } from '../helper/stranger.js';
import { until } from '../helper/until.js';
import { VmScene, vectors } from '../helper/vm-scene.js';

const uid = 100_000 + process.pid;
const open = { socketMode: 0o666 };
const own = process.getuid?.() ?? 0;

/** Somebody who comes and stays; resolves with the name under which it joined, '' for none, or its refusal. */
async function come(t: Test, scene: VmScene, as: readonly string[] = [], at = 's') {
  const stranger = new Stranger(t, scene.socketOf(at), { as });
  const [version] = await stranger.versions();
  if (version !== 0) return { name: version, stranger };
  const { pid } = stranger.child;
  const peer = scene.region.server.peers.find((other) => other.pid === pid);
  return { name: peer?.name ?? '', stranger };
}

function startNamed(t: Test, scene: VmScene, name: string): Promise<Device> {
  return Device.start(t, { socket: scene.region.socket, vectors, extra: ['-name', name] });
}

t.test('a VM is known by its user', need('root'), async (t) => {
  const scene = await VmScene.open(t, { web: { user: uid, id: 9 } }, open);
  t.equal((await scene.join()).id, 1, 'another user is nobody by name');
  const { name, stranger } = await come(t, scene, asUser(uid));
  t.equal(name, 'web');
  await scene.knows(0, 1, 9);
  t.equal((await come(t, scene, asUser(uid))).name, -98, 'the second of that user');
  t.match(await scene.region.refused(), { reason: 'taken', message: /^web is .*, uid \d+\)$/ });
  stranger.child.kill('SIGKILL');
  await stranger.child.exit;
  t.equal((await come(t, scene, asUser(uid))).name, 'web');
  t.equal(scene.news, 0);
});

t.test('of several VMs that fit the first free one is had', need('root'), async (t) => {
  const vms = { a: { user: uid }, b: { user: String(uid) }, c: { user: uid + 1 } };
  const scene = await VmScene.open(t, vms, open);
  const a = await come(t, scene, asUser(uid));
  const b = await come(t, scene, asUser(uid));
  const none = await come(t, scene, asUser(uid));
  t.same([a.name, b.name, none.name], ['a', 'b', -98]);
  t.match(await scene.region.refused(), { message: /^a is there already .*, b is there already / });
  b.stranger.child.kill('SIGKILL');
  await b.stranger.child.exit;
  t.equal((await come(t, scene, asUser(uid))).name, 'b');
});

t.test('who is started again at once has its slot, be a later one free or not', async (t) => {
  const scene = await VmScene.open(t, { a: { user: own }, b: { user: own } });
  t.equal(scene.witness.id, 0);
  t.equal(scene.region.server.peers[0]?.name, 'a');
  const b = await scene.join();
  b.close(); // in one turn of the server's loop with the next connect
  t.same([b.id, (await scene.join()).id, scene.region.server.vms[1]?.peer?.id], [1, 1, 1]);
});

t.test('a VM is known by its systemd unit', need('root', 'cgroup'), async (t) => {
  const scene = await VmScene.open(t, { web: { unit: 'web.service' } }, open);
  t.equal((await come(t, scene, inCgroup(t, 'web.service'))).name, 'web');
  t.equal((await come(t, scene, inCgroup(t, 'webs.service'))).name, '');
});

t.test('a VM is known by the name that its QEMU has', need('qemu'), async (t) => {
  const scene = await VmScene.open(t, { web: { qemuName: 'web', id: 7 }, db: { qemuName: 'db' } });
  const db = await startNamed(t, scene, 'db');
  const web = await startNamed(t, scene, 'web');
  const other = await startNamed(t, scene, 'other');
  t.same([db.id, web.id, other.id], [1, 7, 2]);
  t.same(await ringsEvery(db, web), all(vectors));
  await scene.knows(0, 1, 2, 7);

  const second = new Qemu(t, { socket: scene.region.socket, vectors, extra: ['-name', 'web'] });
  t.match(await second.exit, { code: 1, stderr: /server sent version -98, expecting 0/ });
  await web.qemu.kill();
  const again = await startNamed(t, scene, 'web');
  t.equal(again.id, 7);
  t.same(await ringsEvery(db, again), all(vectors));
  t.same(await ringsEvery(again, other), all(vectors));
  t.equal(scene.news, 0);
});

t.test('all that is said of a VM has to be so', need('root', 'qemu'), async (t) => {
  const scene = await VmScene.open(t, { web: { user: uid, qemuName: 'web' } }, open);
  t.equal((await startNamed(t, scene, 'web')).id, 1, 'the name, of another user');
  t.equal((await come(t, scene, asUser(uid))).name, '', 'the user, and no QEMU');
});

t.test('who comes to the socket of a VM has to fit what is said of it', need('root'), async (t) => {
  const scene = await VmScene.open(t, { web: { socket: 'web', user: uid } }, open);
  t.equal((await scene.join('web')).refusal, -13, 'minus EACCES');
  t.match(await scene.region.refused(), { reason: 'access', message: /socket of web.* user 0$/ });
  t.equal((await come(t, scene, asUser(uid), 'web')).name, 'web');
  t.equal((await come(t, scene, asUser(uid))).name, '', 'and by the other socket it is nobody');
});

t.test('where it cannot be told who it is it is refused, not taken for another', async (t) => {
  const scene = await VmScene.open(t, { web: { qemuName: 'web' } });
  const fault = failing(t, 'getsockopt', 'EMFILE', { after: 1, times: 1 });
  t.equal((await scene.join()).refusal, -24, 'minus EMFILE');
  fault.restore();
  await until('nobody joined', () => scene.region.server.peers.length === 1);
});
