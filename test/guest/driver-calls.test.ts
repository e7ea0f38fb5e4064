// The driver and what is wrong with a call, with a device, or with the moment: an errno, never more.
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { buildGuest, compileForGuest, initramfsWith } from '../helper/guest-image.js';
import { doorbellDevice, Guest, plainDevice } from '../helper/guest.js';
import { guests, need } from '../helper/need.js';
import { Region } from '../helper/region.js';

const source = fileURLToPath(new URL('../../../test/guest/driver-calls.c', import.meta.url));

t.test('what the driver does not do, it says', need(...guests), async (t) => {
  await buildGuest();
  const { socket } = await Region.listen(t, { vectors: 4, size: 2 ** 20 });
  const guest = await Guest.boot(t, 'A', {
    devices: [
      ...doorbellDevice(socket, 4),
      ...plainDevice('memory-backend-memfd,size=64K,share=on', 5),
      // More than the addresses that the machine has for devices: its BAR2 has no place.
      ...plainDevice('memory-backend-memfd,size=4T,share=on,reserve=off', 6),
      ...['-device', 'edu,addr=9'],
    ],
    initramfs: initramfsWith(t, compileForGuest(t, source)),
  });
  await guest.do('insmod /root/ivshmem.ko');

  t.same(lines(await guest.do('/driver-calls calls /dev/ivshmem0')), [
    'info: 0',
    ...ringCalls,
    ...mappingCalls,
    'unknown ioctl: ENOTTY',
    'info to nowhere: EFAULT',
    'seek: ESPIPE',
    'read at an offset: ESPIPE',
  ]);
  t.same(
    lines(await guest.do('/driver-calls calls /dev/ivshmem1')),
    ['info: 0', 'ring: EOPNOTSUPP', 'read: EOPNOTSUPP', 'poll: ERR', ...mappingCalls],
    'a device without MSI-X is memory',
  );
  t.equal(await memoryType(guest), 'write-back', 'above 4 GiB the memory is cached like any');
  t.match(
    await guest.do('dmesg'),
    /ivshmem 0000:00:06\.0: error -ENODEV: no registers or no memory/,
    'a device whose BAR2 has 0 bytes',
  );
  t.match(
    (await guest.run(bind('0000:00:09.0'))).output,
    /write error: No such device/,
    'a device of another kind, which has no BAR2',
  );
  t.same(await guest.complaints(), []);
});

t.test('a device goes while a program has it open', need(...guests), async (t) => {
  await buildGuest();
  const { socket } = await Region.listen(t, { vectors: 4, size: 2 ** 20 });
  const guest = await Guest.boot(t, 'A', {
    devices: doorbellDevice(socket, 4),
    initramfs: initramfsWith(t, compileForGuest(t, source)),
  });
  await guest.do('insmod /root/ivshmem.ko');
  t.equal(await memoryType(guest), 'uncached-minus', 'below, the firmware does not allow it');
  await guest.do('/driver-calls removal /dev/ivshmem0 >/tmp/removal & pid=$!');
  await guest.do('until grep -q touch /tmp/removal; do usleep 10000; done');
  t.match(
    (await guest.run('rmmod ivshmem')).output,
    /Resource temporarily unavailable/,
    'the driver stays as long as it is used',
  );
  await guest.do('echo 1 >/sys/bus/pci/devices/0000:00:04.0/remove; wait $pid');
  t.same(lines(await guest.do('cat /tmp/removal')), [
    'info: 0',
    'touch before: 0',
    'wait: ENODEV',
    'touch what was mapped: SIGBUS',
    'touch what was not touched: SIGBUS',
    'poll: OUT ERR HUP',
    'ring: ENODEV',
    'info: ENODEV',
    'map: ENODEV',
    'read: ENODEV',
  ]);
  await guest.do('! ls /dev/ivshmem*');
  await guest.do('echo 1 >/sys/bus/pci/rescan');
  t.match(await guest.do('ivshmem-driver info'), '/dev/ivshmem0: 1048576 bytes', 'and comes back');
  for (let i = 0; i < 20; i++) await guest.do('rmmod ivshmem && insmod /root/ivshmem.ko');
  await guest.do('rmmod ivshmem && ! ls /dev/ivshmem*');
  t.same(await guest.complaints(), []);
});

/** What the kernel maps BAR2 of the device at 0000:00:04.0 as. */
async function memoryType(guest: Guest): Promise<string | undefined> {
  await guest.do('mount -t debugfs none /sys/kernel/debug');
  const bars = await guest.do('cat /sys/bus/pci/devices/0000:00:04.0/resource');
  const start = bars.split('\n')[2]?.split(' ')[0]?.replace(/^0x0+/, '') ?? '';
  const types = await guest.do('cat /sys/kernel/debug/x86/pat_memtype_list');
  return new RegExp(`mem 0x0*${start}-0x\\w+\\] (\\S+)`).exec(types)?.[1];
}

const ringCalls = [
  'ring peer 65536: EINVAL',
  'ring vector 65536: EINVAL',
  'ring nobody: 8',
  'ring two of three: 8',
  'ring half: EINVAL',
  'ring one and a half: EINVAL',
  'ring nothing: 0',
  'ring from nowhere: EFAULT',
  'read half: EINVAL',
  'read when there is nothing: EAGAIN',
  'poll when there is nothing: OUT',
  'ring self: 8',
  'poll when there is something: IN OUT',
  'read to nowhere: EFAULT',
  'read what stayed: 8',
  'it is vector 1, 1 times',
  'read it again: EAGAIN',
  'ring vectors 3 and 0: 16',
  'another file has seen vector 3',
  'this one has, too: yes',
];

const mappingCalls = [
  'map the last page: 0',
  'touch the last page: 0',
  'map all: 0',
  'map a page more: EINVAL',
  'map past the end: EINVAL',
  'map across the end: EINVAL',
  'map at the end of all offsets: EOVERFLOW',
  'map a copy: EINVAL',
  'map a copy to read: EINVAL',
  'grow a mapping: EFAULT',
  'map to write what is open to read: EACCES',
  'map to read what is open to read: 0',
];

function bind(address: string): string {
  const device = `/sys/bus/pci/devices/${address}`;
  return `echo ivshmem >${device}/driver_override; echo ${address} >/sys/bus/pci/drivers/ivshmem/bind`;
}

function lines(text: string): string[] {
  return text.trimEnd().split('\n');
}
