// A real device that the server does not take: it must end by itself, saying why.
// To close on it, even right after the accept, would leave it spinning at 100 % CPU for ever.
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { Region } from '../helper/region.js';
import { ringsEvery, vectors } from '../helper/rings.js';

t.test('a device that finds the region full exits with the reason', need('qemu'), async (t) => {
  const region = await Region.listen(t, { vectors: 2, maxPeers: 2 });
  const options = { socket: region.socket, vectors: 2 };
  const [a, b] = await Device.startAll(t, 2, options);
  const { code, stderr } = await new Qemu(t, options).exit;
  const { reason, version, remedy } = await region.refused();
  t.equal(code, 1);
  t.ok(version < 0);
  t.match(stderr, `server sent version ${version}, expecting 0`);
  t.equal(reason, 'peers');
  t.match(remedy, /max-?peers/i);

  t.same(await ringsEvery(a, b), vectors(2), 'the others do not notice');
  t.equal(region.joins, 2);
  t.equal(region.leaves, 0);
  await b.qemu.kill();
  await region.left(1);
  const next = await Device.start(t, options);
  t.equal(next.id, 2, 'a refused device used up no ID');
  t.same(await ringsEvery(a, next), vectors(2), 'where one left another may come');
});

t.test(
  'a device with more vectors than the region is refused with the remedy',
  need('qemu'),
  async (t) => {
    const region = await Region.listen(t, { vectors: 4 });
    const fits = await Device.start(t, { socket: region.socket, vectors: 4 });
    const { code, stderr } = await new Qemu(t, { socket: region.socket, vectors: 5 }).exit;
    const { reason, version, message, remedy } = await region.refused();
    t.equal(code, 1);
    t.match(stderr, `server sent version ${version}, expecting 0`);
    t.equal(reason, 'vectors');
    t.match(message, /\b5\b.*\b4\b|\b4\b.*\b5\b/, 'with the figures');
    t.match(remedy, /vectors/);
    t.equal(region.joins, 1);
    t.same(await ringsEvery(fits, fits), vectors(4), 'the others do not notice');
  },
);

t.test('so is one that says it in another way that QEMU takes', need('qemu'), async (t) => {
  const region = await Region.listen(t, { vectors: 8 });
  const start = (vectors: string): Qemu => {
    const device = `ivshmem-doorbell,chardev=x,vectors=${vectors}`;
    const before = ['-chardev', `socket,path=${region.socket},id=x`];
    return new Qemu(t, { before, extra: ['-device', device] });
  };
  for (const vectors of ['0x9', '+9', '011']) {
    t.equal((await start(vectors).exit).code, 1, vectors);
    t.match(region.refusals.pop(), { reason: 'vectors', message: /vectors=9/ });
  }
  t.ok(await start('010').lives(), 'which is octal');
  t.strictSame([region.joins, region.refusals], [1, []]);
});
