// A device as text, for regions that are hard to come by.
import t from 'tap';
import { deviceText } from '../../../src/cli/qemu-args/device-text.js';
import type { Wanted } from '../../../src/cli/qemu-args/wanted.js';
import type { RegionDescription } from '../../../src/protocol/answer.js';

const wanted: Wanted = {
  kind: 'plain',
  form: 'libvirt',
  id: undefined,
  address: undefined,
  isMaster: false,
  vectors: undefined,
};

/** A region with this memory. */
function region(memory: Partial<RegionDescription['memory']>): RegionDescription {
  const shm = {
    kind: 'shm',
    sizeBytes: 2 ** 20,
    path: '/dev/shm/m',
    device: '1',
    inode: '2',
  } as const;
  return { pid: 7, socket: '/s', vectors: 1, memory: { ...shm, ...memory }, nextId: 0 };
}

t.test('libvirt gets a plain device of 1M, and none of less', async (t) => {
  t.match(deviceText(wanted, region({})), "<size unit='MiB'>1</size>");
  t.throws(() => deviceText(wanted, region({ sizeBytes: 2 ** 19 })), {
    name: 'CommandError',
    message: /no plain device of less than 1M, and the region has 512K; /,
  });
});

t.test('a memory that XML has no way to name is none for libvirt', async (t) => {
  const unspeakable = region({ path: '/dev/shm/\ufffe' });
  t.throws(() => deviceText(wanted, unspeakable), {
    name: 'CommandError',
    message: /^libvirt has no way to name "\/dev\/shm\/\ufffe"; choose another path$/,
  });
  t.match(deviceText({ ...wanted, kind: 'doorbell' }, unspeakable), "<server path='/s'/>");
});
