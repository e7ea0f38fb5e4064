import t from 'tap';
import { reconnect } from '../../../../src/control/doctor/checks/reconnect.js';
import { foundOf } from '../../../helper/doctor.js';
import { need } from '../../../helper/need.js';
import { Qemu } from '../../../helper/qemu.js';
import { Region } from '../../../helper/region.js';

t.test('a QEMU with reconnect= is an error, with the remedy', need('qemu'), async (t) => {
  const { socket } = await Region.listen(t, {});
  const before = ['-name', 'web', '-chardev', `socket,path=${socket},id=r,reconnect=1`];
  const extra = ['-device', 'ivshmem-doorbell,chardev=r,vectors=1'];
  const qemu = new Qemu(t, { before, extra });
  t.match(await foundOf(qemu, reconnect), [
    {
      severity: 'error',
      subject: `QEMU ${qemu.pid} (web)`,
      message: /has reconnect=.*spins/,
      remedy: /without reconnect=/,
    },
  ]);
  await qemu.kill();
  t.strictSame(await foundOf(qemu, reconnect), [], 'it is gone');
});

t.test('a QEMU without it, or with reconnect=0, is fine', need('qemu'), async (t) => {
  const region = await Region.listen(t, {});
  const { socket } = region;
  const plain = new Qemu(t, { socket });
  const zero = new Qemu(t, {
    before: ['-chardev', `socket,path=${socket},id=r,reconnect=0`],
    extra: ['-device', 'ivshmem-doorbell,chardev=r,vectors=1'],
  });
  await region.joined(2);
  for (const qemu of [plain, zero]) t.strictSame(await foundOf(qemu, reconnect), []);
});

t.test('nor does it hide behind backend= or -set', need('qemu'), async (t) => {
  const { socket } = await Region.listen(t, {});
  const device = ['-device', 'ivshmem-doorbell,chardev=r'];
  for (const [before, more] of [
    [['-chardev', `id=r,backend=socket,path=${socket},reconnect=1`], []],
    [
      ['-chardev', `socket,path=${socket},id=r`],
      ['-set', 'chardev.r.reconnect=1'],
    ],
  ] as const) {
    const qemu = new Qemu(t, { before, extra: [...device, ...more] });
    t.match(await foundOf(qemu, reconnect), [{ severity: 'error' }]);
    await qemu.kill();
  }
});
