// A guest that is locked down, as Secure Boot does it: what it refuses, and what goes on working.
import t from 'tap';
import { Peer } from '../../src/index.js';
import { buildGuest } from '../helper/guest-image.js';
import { bindToVfio, doorbellDevice, Guest } from '../helper/guest.js';
import { guests, need } from '../helper/need.js';
import { Region } from '../helper/region.js';

t.test('a guest that is locked down has the device by vfio only', need(...guests), async (t) => {
  await buildGuest();
  const { socket } = await Region.listen(t, { vectors: 4, size: 2 ** 20 });
  const guest = await Guest.boot(t, 'that is locked down', {
    devices: doorbellDevice(socket, 4),
    kernelOptions: 'lockdown=integrity',
  });
  const refused = /Operation not permitted/;
  t.match((await guest.run('insmod /root/ivshmem.ko')).output, refused, 'an unsigned module');
  t.match((await guest.run('ivshmem-plain info')).output, refused, 'BAR2 by sysfs');
  t.match(await guest.do('dmesg'), /Lockdown: insmod: unsigned module loading is restricted/);
  t.match(await guest.do('dmesg'), /Lockdown: ivshmem-plain: direct PCI access is restricted/);

  await guest.do(bindToVfio('0000:00:04.0'));
  await guest.do('ivshmem-vfio write 0x8000 "by vfio"');
  t.equal(await guest.do('ivshmem-vfio read 0x8000 7'), 'by vfio');
  await using host = await Peer.connect({ socket, vectors: 4 });
  const interrupt = host.nextInterrupt({ vector: 3, timeoutMs: 60_000 });
  await guest.do(`ivshmem-vfio ring ${host.id} 3`);
  t.same(await interrupt, { vector: 3, count: 1 });
  t.same(await guest.complaints(), []);
});

t.test('a guest that wants signatures refuses an unsigned module', need(...guests), async (t) => {
  await buildGuest();
  const guest = await Guest.boot(t, 'that wants signatures', {
    devices: [],
    kernelOptions: 'module.sig_enforce=1',
  });
  t.match((await guest.run('insmod /root/ivshmem.ko')).output, /Key was rejected by service/);
  t.match(await guest.do('dmesg'), /Loading of unsigned module is rejected/);
  await guest.do('modprobe vfio-pci');
});
