import { mkdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { hugePages, lookAtPools } from '../../../../src/control/doctor/checks/huge-pages.js';
import { allocateMemory, createMemfd, resizeMemory } from '../../../../native/memory.js';
import { roomInHugePages } from '../../../../src/server/room.js';
import { found } from '../../../helper/doctor.js';
import { need } from '../../../helper/need.js';
import { temp } from '../../../helper/temp.js';

const pageBytes = 2 * 1024 ** 2;

t.test(
  'all in use is how a lab looks that set aside what it needs: a note',
  need('hugepages'),
  async (t) => {
    const hold = createMemfd('all-huge-pages', pageBytes);
    try {
      // Others on this machine may take some at the same time: no matter who has the last.
      const bytes = roomInHugePages(pageBytes);
      resizeMemory(hold, bytes);
      allocateMemory(hold, 0, bytes);
      t.match(lookAtPools('/sys'), [
        {
          severity: 'note',
          subject: 'huge pages of 2M',
          message: /^all \d+ are in use/,
          remedy: /hugepages-2048kB\/nr_hugepages$/,
        },
      ]);
    } finally {
      hold.close();
    }
  },
);

t.test('where some are free all is well', need('hugepages'), async (t) => {
  t.strictSame(await found(hugePages), []);
});

t.test('a machine without any, or whose kernel knows none, is fine', async (t) => {
  const sysfs = temp(t);
  t.strictSame(lookAtPools(sysfs), []);
  pool(`${sysfs}/kernel/mm/hugepages`, 0, 0);
  t.strictSame(lookAtPools(sysfs), []);
});

// This machine has one node: two are copies of what the kernel tells of it.
t.test('a node without free ones is noted', async (t) => {
  const sysfs = temp(t);
  pool(`${sysfs}/kernel/mm/hugepages`, 8, 4);
  pool(`${sysfs}/devices/system/node/node0/hugepages`, 4, 4);
  t.strictSame(lookAtPools(sysfs), [], 'one node needs no word');
  pool(`${sysfs}/devices/system/node/node1/hugepages`, 4, 0);
  t.match(lookAtPools(sysfs), [
    { severity: 'note', message: /^4 of 8 are free, and none on node1/ },
  ]);
});

function pool(directory: string, total: number, free: number): void {
  const here = `${directory}/hugepages-2048kB`;
  mkdirSync(here, { recursive: true });
  for (const [name, value] of Object.entries({ nr: total, free, resv: 0 }))
    writeFileSync(`${here}/${name}_hugepages`, `${value}\n`);
}
