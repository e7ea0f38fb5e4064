// More vectors than a guest has to give.
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { buildGuest, compileForGuest, initramfsWith } from '../helper/guest-image.js';
import { bindToVfio, doorbellDevice, Guest } from '../helper/guest.js';
import { guests, need } from '../helper/need.js';
import { Region } from '../helper/region.js';

const source = fileURLToPath(new URL('../../../test/guest/driver-calls.c', import.meta.url));

t.test(
  'a device has more vectors than its guest: it has those that there are',
  need(...guests),
  async (t) => {
    await buildGuest();
    const { socket } = await Region.listen(t, { vectors: 256, size: 2 ** 20 });
    const guest = await Guest.boot(t, 'of one processor', {
      devices: doorbellDevice(socket, 256),
      initramfs: initramfsWith(t, compileForGuest(t, source)),
    });
    await guest.do('insmod /root/ivshmem.ko');
    const vectors = Number(/vectors (\d+)/.exec(await guest.do('ivshmem-driver info'))?.[1]);
    t.ok(vectors > 100 && vectors < 256, `${vectors}`);
    t.match(await guest.do('dmesg'), `${vectors} of 256 vectors to be had: error -28`);
    t.match(await guest.do('/driver-calls calls /dev/ivshmem0'), 'it is vector 1, 1 times\n');
    for (let i = 0; i < 3; i++) await guest.do('rmmod ivshmem && insmod /root/ivshmem.ko');
    await guest.do('ivshmem-driver write 0x8000 hallo && rmmod ivshmem');
    await guest.do(bindToVfio('0000:00:04.0'));
    t.match((await guest.run('ivshmem-vfio info')).output, 'No space left on device');
    t.same(await guest.complaints(), []);
  },
);

t.test('a guest without MSI has the memory', need(...guests), async (t) => {
  await buildGuest();
  const { socket } = await Region.listen(t, { vectors: 4, size: 2 ** 20 });
  const guest = await Guest.boot(t, 'without MSI', {
    devices: doorbellDevice(socket, 4),
    kernelOptions: 'pci=nomsi',
  });
  await guest.do('insmod /root/ivshmem.ko');
  t.match(await guest.do('dmesg'), /0 of 4 vectors to be had: error -\d+/);
  await guest.do('ivshmem-driver write 0x8000 hallo');
  t.equal(await guest.do('ivshmem-driver read 0x8000 5'), 'hallo');
  t.match((await guest.run('ivshmem-driver wait')).output, 'Operation not supported');
  t.match((await guest.run('ivshmem-driver ring 0 0')).output, 'Operation not supported');
});

t.test('a program that rings for ever can be killed', need(...guests), async (t) => {
  await buildGuest();
  const { socket } = await Region.listen(t, { vectors: 1, size: 2 ** 20 });
  const guest = await Guest.boot(t, 'that is rung', {
    devices: doorbellDevice(socket, 1),
    initramfs: initramfsWith(t, compileForGuest(t, source)),
  });
  await guest.do('insmod /root/ivshmem.ko');
  await guest.do('/driver-calls storm /dev/ivshmem0 & pid=$!');
  await guest.do('until [ "$(ivshmem-driver wait 100)" ]; do :; done');
  await guest.do('kill -9 $pid; ! wait $pid');
  await guest.do('rmmod ivshmem');
  t.same(await guest.complaints(), []);
});
