// The driver and the kernels that it is for: Debian 12's, and the newest of its backports.
import { fileURLToPath } from 'node:url';
import t from 'tap';
import {
  aptOfBackports,
  buildDriver,
  buildGuest,
  compileForGuest,
  guestImage,
  initramfsWith,
} from '../helper/guest-image.js';
import { bindToVfio, doorbellDevice, Guest } from '../helper/guest.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';

const source = fileURLToPath(new URL('../../../test/guest/driver-calls.c', import.meta.url));

t.test("it builds without a warning for Debian 12's kernel", need('guest'), async (t) => {
  await buildGuest();
  t.equal(await buildDriver(t, guestImage), '');
});

t.test(
  'it builds without a warning for the newest of backports, and works',
  need('guest'),
  async (t) => {
    const image = `${guestImage}-backports`;
    await buildGuest(image, await aptOfBackports(t));
    t.equal(await buildDriver(t, image), '');

    const { socket } = await Region.listen(t, { vectors: 4, size: 2 ** 20 });
    const initramfs = initramfsWith(t, compileForGuest(t, source), image);
    const devices = doorbellDevice(socket, 4);
    const guest = await Guest.boot(t, 'of backports', { devices, image, initramfs });
    t.match(await guest.do('uname -r'), /^6\.(1[2-9]|[2-9]\d)\./);
    await guest.do('insmod /root/ivshmem.ko');
    const calls = await guest.do('/driver-calls calls /dev/ivshmem0');
    t.match(calls, 'ring peer 65536: EINVAL\n');
    t.match(calls, 'it is vector 1, 1 times\n');
    t.match(calls, 'map past the end: EINVAL\n');
    t.match(calls, 'map all: 0\n');
    await guest.do('rmmod ivshmem');
    await guest.do(bindToVfio('0000:00:04.0'));
    t.match(await guest.do('ivshmem-vfio info'), '1048576 bytes, peer 0, vectors 4');
    t.same(await guest.complaints(), []);
  },
);
