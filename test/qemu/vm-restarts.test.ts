// VMs that have a name, as real QEMUs: killed and started again, and the others are never told anything.
import t, { type Test } from 'tap';
import { Device } from '../helper/device.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { rings, ringsEvery, vectors as all } from '../helper/rings.js';
import { until } from '../helper/until.js';
import { VmScene, vectors } from '../helper/vm-scene.js';

const restarts = 50;

/** Starts the QEMU of a VM, and sets up its device. */
function start(t: Test, scene: VmScene, name: string, { master = false } = {}): Promise<Device> {
  return Device.start(t, { socket: scene.socketOf(name), vectors, master });
}

/** Kills a QEMU; resolves when the server has seen that. */
async function kill(scene: VmScene, { qemu }: Device): Promise<void> {
  const left = scene.region.leaves + 1;
  await qemu.kill();
  await scene.region.left(left);
}

t.test(
  `B is killed and started ${restarts} times, and A is told nothing`,
  need('qemu'),
  async (t) => {
    const scene = await VmScene.open(t, { a: {}, b: {} });
    const a = await start(t, scene, 'a');
    let b = await start(t, scene, 'b');
    t.same(await ringsEvery(a, b), all(vectors));
    await scene.knows(0, a.id, b.id);
    const sends = failing(t, 'sendmmsg', 'EAGAIN', { after: Infinity });

    for (let restart = 1; restart <= restarts; restart += 1) {
      await kill(scene, b);
      // Into the void: B must not hear it when it is back.
      for (const vector of all(vectors)) await a.ring(2, vector);
      b = await start(t, scene, 'b');
      await b.settle();
      const heard = [b.id, await b.heard(), await ringsEvery(a, b), await ringsEvery(b, a)];
      const expected = [2, [], all(vectors), all(vectors)];
      if (JSON.stringify(heard) !== JSON.stringify(expected)) t.same(heard, expected, `${restart}`);
    }
    t.equal(sends.calls, restarts, 'the server sent B its welcome each time, and nothing else');
    t.equal(scene.news, 0, 'not one byte came to who was there');
    t.equal(a.qemu.stderr, '');
    t.equal(scene.region.server.idsLeft, 65_533, 'and no ID was spent');
  },
);

t.test(
  'master=on with ID 0 comes at any time, and again, beside the highest ID',
  need('qemu'),
  async (t) => {
    const scene = await VmScene.open(t, { master: { id: 0 }, b: { id: 65_535 } });
    const b = await start(t, scene, 'b');
    t.same([scene.witness.id, b.id], [1, 65_535], 'it is not the first');
    for (let time = 0; time < 3; time += 1) {
      const master = await start(t, scene, 'master', { master: true });
      t.equal(master.id, 0);
      t.same(await ringsEvery(b, master), all(vectors));
      t.same(await ringsEvery(master, b), all(vectors));
      await scene.knows(0, 1, 65_535);
      await kill(scene, master);
    }
    t.equal(scene.news, 0);
  },
);

t.test(
  'a second QEMU of one name exits with the reason, the first lives on',
  need('qemu'),
  async (t) => {
    const scene = await VmScene.open(t, { web: {}, b: {} });
    const web = await start(t, scene, 'web');
    const b = await start(t, scene, 'b');
    const refused = async (): Promise<void> => {
      const second = new Qemu(t, { socket: scene.socketOf('web'), vectors });
      t.match(await second.exit, { code: 1, stderr: /server sent version -98, expecting 0/ });
    };
    await refused();
    t.same(await ringsEvery(b, web), all(vectors));

    web.qemu.stop();
    await refused();
    web.qemu.cont();
    t.same(await ringsEvery(b, web), all(vectors), 'one that is stopped is there, too');
  },
);

t.test(
  'a QEMU that is started the moment the last was killed has the slot',
  need('qemu'),
  async (t) => {
    const scene = await VmScene.open(t, { web: {}, b: {} });
    const b = await start(t, scene, 'b');
    let web = await start(t, scene, 'web');
    for (let restart = 0; restart < 10; restart += 1) {
      // The server cannot have seen its end; one that is stopped in between is killed as well.
      if (restart % 2 > 0) web.qemu.stop();
      web.qemu.killUnseen();
      web = await start(t, scene, 'web');
      t.same([web.id, await rings(b, web, 1)], [2, [1]]);
    }
    t.same(scene.region.refusals, []);
  },
);

t.test('a QEMU killed in the middle of its welcome has its slot again', need('qemu'), async (t) => {
  const scene = await VmScene.open(t, { web: {}, b: {} });
  const b = await start(t, scene, 'b');
  for (let restart = 0; restart < 10; restart += 1) {
    const joins = scene.region.joins + 1;
    const half = new Qemu(t, { socket: scene.socketOf('web'), vectors });
    await scene.region.joined(joins);
    await half.kill();
    await until('the server has seen it', () => scene.region.server.vms[0]?.peer === undefined);
  }
  const web = await start(t, scene, 'web');
  t.same(await ringsEvery(b, web), all(vectors));
  t.same(await ringsEvery(web, b), all(vectors));
  await scene.knows(0, b.id, web.id);
});

t.test(
  'a QEMU with too many vectors is refused at the socket of a VM, too',
  need('qemu'),
  async (t) => {
    const scene = await VmScene.open(t, { web: { id: 7 } });
    const greedy = new Qemu(t, { socket: scene.socketOf('web'), vectors: vectors + 1 });
    t.match(await greedy.exit, { code: 1, stderr: /server sent version -22, expecting 0/ });
    t.match(await scene.region.refused(), { reason: 'vectors' });
    t.equal(scene.news, 0, 'it did not come');
    t.equal((await start(t, scene, 'web')).id, 7);
  },
);
