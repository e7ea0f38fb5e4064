// Devices leave a region of real devices: the danger is in what the others are told of it.
// A leave told twice, or an ID used again, ends a QEMU by SIGABRT or corrupts its heap.
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { Region } from '../helper/region.js';
import { ringsEvery, vectors } from '../helper/rings.js';

t.test('of three devices one leaves, and the others go on', need('qemu'), async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const options = { socket: region.socket, vectors: 2 };
  const [a, b, c] = await Device.startAll(t, 3, options);
  t.same(await ringsEvery(a, b), vectors(2));
  t.same(await ringsEvery(c, b), vectors(2));

  await b.qemu.kill();
  await region.left(1);
  await a.ring(b.id, 0);
  await c.ring(b.id, 1);
  t.same(await ringsEvery(a, c), vectors(2));
  t.same(await ringsEvery(c, a), vectors(2));

  const d = await Device.start(t, options);
  t.equal(d.id, 3, 'an ID that the others knew does not come back');
  // Who hears of d has taken in, before it, that b left.
  t.same(await ringsEvery(a, d), vectors(2));
  t.same(await ringsEvery(c, d), vectors(2));
  t.same(await ringsEvery(d, a), vectors(2));
  t.ok(await a.qemu.lives());
  t.ok(await c.qemu.lives());
});

t.test('a device outlives ten that come and go', need('qemu'), async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const options = { socket: region.socket, vectors: 2 };
  const stays = await Device.start(t, options);
  for (let round = 1; round <= 10; round++) {
    const passes = await Device.start(t, options);
    t.same(await ringsEvery(stays, passes), vectors(2));
    await passes.qemu.kill();
    await region.left(round);
  }
  t.ok(await stays.qemu.lives());
});

t.test('a device that dies while it joins harms nobody', need('qemu'), async (t) => {
  const region = await Region.listen(t, { vectors: 64 });
  const options = { socket: region.socket, vectors: 64 };
  const [a, b] = await Device.startAll(t, 2, options);
  for (let round = 1; round <= 10; round++) {
    const passes = new Qemu(t, options);
    await region.joined(2 + round);
    await passes.kill();
    await region.left(round);
  }
  const last = await Device.start(t, options);
  t.same(await ringsEvery(a, last), vectors(64));
  t.same(await ringsEvery(b, last), vectors(64));
  t.same(await ringsEvery(a, b), vectors(64));
});
