// Two real devices on one region: doorbells and memory, both ways.
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { rings, ringsEvery, vectors } from '../helper/rings.js';

t.test('two devices ring each other on every vector', need('qemu'), async (t) => {
  const { socket } = await Region.listen(t, { vectors: 4 });
  const [a, b] = await Device.startAll(t, 2, { socket, vectors: 4 });
  t.same([a.id, b.id], [0, 1], 'the first peer gets ID 0');
  t.same(await ringsEvery(a, b), vectors(4));
  t.same(await ringsEvery(b, a), vectors(4));
  t.same(await ringsEvery(a, a), vectors(4), 'a device can ring itself');
});

t.test('two devices share the whole memory, both ways', need('qemu'), async (t) => {
  const size = 4 * 1024 ** 2;
  const { socket } = await Region.listen(t, { size });
  const [a, b] = await Device.startAll(t, 2, { socket });
  t.same([a.memorySize, b.memorySize], [size, size]);
  t.same(await a.read(0, 64), Buffer.alloc(64), 'it begins as zeros');
  await a.write(0, 'from a, at the start');
  await b.write(size - 15, 'b at the end...');
  t.equal(await b.readText(0, 20), 'from a, at the start');
  t.equal(await a.readText(size - 15, 15), 'b at the end...');
});

t.test('two devices of 64 vectors ring each other on every one', need('qemu'), async (t) => {
  const { socket } = await Region.listen(t, { vectors: 64 });
  const [a, b] = await Device.startAll(t, 2, { socket, vectors: 64 });
  t.same(await ringsEvery(a, b), vectors(64));
  t.same(await ringsEvery(b, a), vectors(64));
});

t.test(
  'a device with fewer vectors than the region rings and hears as many as it has',
  need('qemu'),
  async (t) => {
    const { socket } = await Region.listen(t, { vectors: 8 });
    const all = await Device.start(t, { socket, vectors: 8 });
    const few = await Device.start(t, { socket, vectors: 2 });
    t.same(await ringsEvery(all, few), vectors(2));
    for (const vector of vectors(2)) t.same(await rings(few, all, vector), [vector]);
    await all.ring(few.id, 7);
    t.ok(await few.qemu.lives());
  },
);

t.test('the first device may be a master', need('qemu'), async (t) => {
  const { socket } = await Region.listen(t, {});
  const master = await Device.start(t, { socket, master: true });
  const other = await Device.start(t, { socket });
  t.same(await ringsEvery(other, master), vectors(1));
});
