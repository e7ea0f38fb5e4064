// The list of VMs becomes another one under a real QEMU: it learns of those who come and go, and stays.
import t from 'tap';
import { Device } from '../helper/device.js';
import { isConnected } from '../helper/look.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { ringsEvery, vectors as all } from '../helper/rings.js';
import { VmScene, vectors } from '../helper/vm-scene.js';

const changes = 10;

t.test(
  `an attached VM does not notice ${changes} changes of the others, but for who comes and goes`,
  need('qemu'),
  async (t) => {
    const scene = await VmScene.open(t, { web: { id: 0 }, db: {} });
    const web = await Device.start(t, { socket: scene.socketOf('web'), vectors, master: true });
    for (let change = 0; change < changes; change += 1) {
      const name = change % 2 === 0 ? 'even' : 'odd';
      const id = 100 + change;
      t.same(scene.change({ [name]: { id }, web: { id: 0 } }), []);
      const other = await scene.join(name);
      t.equal(other.id, id);
      await web.settle();
      for (const vector of all(vectors)) await web.ring(id, vector);
      await web.settle();
      t.same(other.heard(), [1, 1]);
      other.ring(0, 1);
      await web.settle();
      t.match(scene.change({ web: { id: 0 } }), [{ vm: name, message: /is attached/ }]);
      await scene.part(other);
    }
    t.match(scene.change({}), [{ vm: 'web', message: /is attached/ }]);
    t.equal(scene.change({ web: { id: 0 }, b: {} }).length, 0);
    const b = await Device.start(t, { socket: scene.socketOf('b'), vectors });
    t.same(await ringsEvery(b, web), all(vectors));
    t.same(await ringsEvery(web, b), all(vectors));
    t.equal(web.qemu.stderr, '');
  },
);

t.test(
  'a QEMU that queues at a socket that goes exits, and does not spin',
  need('qemu'),
  async (t) => {
    const scene = await VmScene.open(t, { web: {} });
    const late = new Qemu(t, { socket: scene.socketOf('web'), vectors });
    // Nobody accepts while this loop runs: the change and the connect are in one turn.
    const end = performance.now() + 5_000;
    while (!isConnected(scene.socketOf('web')) && performance.now() < end);
    t.same(scene.change({}), []);
    t.match(await late.exit, { code: 1, stderr: /server sent version -108, expecting 0/ });
  },
);
