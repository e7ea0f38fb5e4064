// What a guest finds at the beginning of BAR2, through a real QEMU, with a label and without.
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';

t.test('a guest reads the label in the memory', need('qemu'), async (t) => {
  const { socket } = await Region.listen(t, { label: 'lab', vectors: 2 });
  const device = await Device.start(t, { socket, vectors: 2 });
  t.equal(
    (await device.read(0, 256)).toString('hex'),
    `495653484d454d00040302010100000080000000020000000000400000000000${'6c6162'.padEnd(448, '0')}`,
  );
});

t.test('without a label a guest finds nothing but zeroes', need('qemu'), async (t) => {
  const { socket } = await Region.listen(t, {});
  const device = await Device.start(t, { socket });
  t.equal((await device.read(0, 256)).toString('hex'), '00'.repeat(256));
});
