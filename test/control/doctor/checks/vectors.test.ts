import { once } from 'node:events';
import { existsSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { vectors } from '../../../../src/control/doctor/checks/vectors.js';
import { foundOf } from '../../../helper/doctor.js';
import { need } from '../../../helper/need.js';
import { Qemu } from '../../../helper/qemu.js';
import { Lab } from '../../../helper/lab.js';
import { Region } from '../../../helper/region.js';
import { temp } from '../../../helper/temp.js';
import { until } from '../../../helper/until.js';

t.test('a QEMU with more vectors than its region is an error', need('qemu'), async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 2, allowExcessVectors: true });
  const qemu = new Qemu(t, { socket: region.socket, vectors: 4 });
  await region.joined(1);
  t.match(await foundOf(qemu, vectors), [
    { severity: 'error', message: /vectors=4, its region 2.*KVM/, remedy: /vectors=2/ },
  ]);
});

t.test('a QEMU with fewer, or with the default of 1, is a warning', need('qemu'), async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 4 });
  const fewer = new Qemu(t, { socket: region.socket, vectors: 3 });
  const silent = new Qemu(t, {
    before: ['-chardev', `socket,path=${region.socket},id=x`],
    extra: ['-device', '{"driver":"ivshmem-doorbell","chardev":"x"}'],
  });
  await region.joined(2);
  t.match(await foundOf(fewer, vectors), [
    { severity: 'warning', message: /vectors=3, its region 4.*vectors 3 and up/ },
  ]);
  t.match(await foundOf(silent, vectors), [{ severity: 'warning', message: /vectors=1/ }]);
});

t.test('a QEMU with two devices on two regions is compared with each', need('qemu'), async (t) => {
  const [a, b] = [
    await Region.listenWithHost(t, { vectors: 2 }),
    await Region.listenWithHost(t, { vectors: 3 }),
  ];
  const second = (its: number): string[] => [
    ...['-chardev', `socket,path=${b.socket},id=d`],
    ...['-device', `ivshmem-doorbell,chardev=d,vectors=${its}`],
  ];
  const fine = new Qemu(t, { socket: a.socket, vectors: 2, extra: second(3) });
  const wrong = new Qemu(t, { socket: a.socket, vectors: 2, extra: second(2) });
  await b.joined(2);
  const sockets = [a.socket, b.socket];
  t.strictSame(await foundOf(fine, vectors, { sockets }), []);
  t.match(await foundOf(wrong, vectors, { sockets }), [{ message: /vectors=2, its region 3/ }]);
});

t.test('vectors that -global or -set gives a device are what it has', need('qemu'), async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 4, allowExcessVectors: true });
  const before = ['-chardev', `id=x,backend=socket,path=${region.socket}`];
  const device = ['-device', 'id=d,chardev=x,driver=ivshmem-doorbell'];
  for (const more of [
    ['-global', 'ivshmem-doorbell.vectors=8'],
    ['-global', 'driver=ivshmem-doorbell,property=vectors,value=8'],
    ['-set', 'device.d.vectors=8'],
  ]) {
    const qemu = new Qemu(t, { before, extra: [...device, ...more] });
    t.ok(await qemu.lives());
    t.match(await foundOf(qemu, vectors), [{ severity: 'error', message: /vectors=8/ }]);
    await qemu.kill();
  }
});

/** Tells a QEMU by its QMP socket to add a device; resolves when it has. */
async function addDevice(t: Test, monitor: string, device: object): Promise<void> {
  await until('it has a monitor', () => existsSync(monitor));
  const socket = connect(monitor);
  t.teardown(() => socket.destroy());
  await once(socket, 'data'); // its greeting
  for (const command of [
    { execute: 'qmp_capabilities' },
    { execute: 'device_add', arguments: device },
  ]) {
    socket.write(JSON.stringify(command));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    t.match(JSON.parse(String(answer)), { return: {} });
  }
}

t.test('a peer whose command line does not tell its vectors is noted', need('qemu'), async (t) => {
  const lab = await Lab.start(t, ['--vectors', '2']);
  const { socket, status: askStatus } = lab;
  const monitor = `${temp(t)}/monitor`;
  const chardev = ['-chardev', `socket,path=${socket},id=x`];
  const added = new Qemu(t, {
    machine: 'pc',
    extra: [...chardev, '-qmp', `unix:${monitor},server=on,wait=off`],
  });
  await addDevice(t, monitor, { driver: 'ivshmem-doorbell', chardev: 'x', vectors: 4 });
  // QEMU takes the blank.
  const blank = ['-device', 'ivshmem-doorbell,chardev=x,vectors= 4'];
  const odd = new Qemu(t, { before: chardev, extra: blank });
  const plain = new Qemu(t, { socket, vectors: 2 });
  await lab.settled(3);
  for (const qemu of [added, odd])
    t.match(await foundOf(qemu, vectors, { askStatus }), [
      {
        severity: 'note',
        message: /^it is a peer in s, .* no device there whose vectors/,
        remedy: /vectors=2/,
      },
    ]);
  t.strictSame(await foundOf(plain, vectors, { askStatus }), []);
});

t.test('a peer whose socket was moved has told its vectors', need('qemu'), async (t) => {
  const lab = await Lab.start(t, ['--vectors', '2']);
  const { socket, status: askStatus } = lab;
  const qemu = new Qemu(t, { socket, vectors: 2 });
  await lab.settled(1);
  renameSync(socket, `${socket}.away`);
  t.strictSame(await foundOf(qemu, vectors, { askStatus }), []);
});
