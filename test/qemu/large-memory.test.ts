// Sizes at which 32-bit arithmetic ends: QEMU's example server fails at 2 GiB and serves 1 byte at 4 GiB.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';

const gib = 1024 ** 3;

for (const size of [2 * gib, 4 * gib]) {
  const room =
    availableMemory() > size + gib ? {} : { skip: `less than ${size / gib + 1} GiB free` };

  t.test(`two devices share ${size / gib} GiB`, { ...room, ...need('qemu') }, async (t) => {
    const { socket } = await Region.listen(t, { size });
    const [a, b] = await Device.startAll(t, 2, { socket });
    t.same([a.memorySize, b.memorySize], [size, size]);
    // All are written before any is read: an address that wraps around would show.
    const offsets = [0, size / 2 - 16, size / 2, size - 16];
    for (const offset of offsets) await a.write(offset, `${offset}`);
    for (const offset of offsets) {
      t.equal(await b.readText(offset, `${offset}`.length), `${offset}`);
    }
    await b.write(size - 16, 'the very end ...');
    t.equal(await a.readText(size - 16, 16), 'the very end ...');
  });
}

/** Memory that can be had without swapping, in bytes; the region takes all of its size at once. */
function availableMemory(): number {
  const kibibytes = /^MemAvailable: +(\d+)/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
  return Number(kibibytes) * 1024;
}
