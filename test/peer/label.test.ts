// What a peer reads of the region's label: of our server, of one that writes none, and of a memory that
// guests have written into.
import t from 'tap';
import { Peer, type ServerOptions } from '../../src/index.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { temp, type Scope } from '../helper/temp.js';

const M = 1024 ** 2;

async function joined(t: Scope, options: Partial<ServerOptions>): Promise<Peer> {
  const { socket } = await Region.listen(t, options);
  const peer = await Peer.connect({ socket });
  t.teardown(() => peer.close());
  return peer;
}

t.test('a peer reads the label that the server has', async (t) => {
  const region = await Region.listen(t, { label: 'blue lab' });
  t.equal(region.server.label, 'blue lab');
  const peer = await Peer.connect({ socket: region.socket });
  t.teardown(() => peer.close());
  t.equal(peer.label, 'blue lab');
});

t.test('a peer reads the label of a file', async (t) => {
  t.equal((await joined(t, { label: 'lab', memPath: `${temp(t)}/m` })).label, 'lab');
});

t.test('a peer reads the label on huge pages', need('hugepages'), async (t) => {
  const options = { label: 'lab', hugePageBytes: 2_097_152, size: 2 * M } as const;
  t.equal((await joined(t, options)).label, 'lab');
});

t.test('a memory without a header has no label, whatever it begins with', async (t) => {
  const peer = await joined(t, {});
  t.equal(peer.label, undefined);
  Buffer.from(peer.memory).write('IVSHMEM!');
  t.equal(peer.label, undefined);
});

t.test('a label that guests write over is read as it is now', async (t) => {
  const peer = await joined(t, { label: 'lab' });
  const memory = Buffer.from(peer.memory);
  memory.write('LAB', 32);
  t.equal(peer.label, 'LAB');
  const damages = [
    [8, '01020304', 'BYTE_ORDER'],
    [12, '02000000', 'VERSION'],
    [16, '00000000', 'SIZE'],
    [24, '0000800000000000', 'SIZE'],
    [20, '00000000', 'VECTORS'],
    [32, '00', 'LABEL'],
  ] as const;
  for (const [offset, hex, which] of damages) {
    const before = Buffer.from(memory.subarray(0, 128));
    memory.write(hex, offset, 'hex');
    const code = `ERR_IVSHMEM_HEADER_${which}`;
    t.throws(() => peer.label, { name: 'MemoryHeaderError', code });
    memory.set(before);
  }
  memory.write('\0');
  t.equal(peer.label, undefined);
});

t.test('a peer that is closed has no label to read', async (t) => {
  const peer = await joined(t, { label: 'lab' });
  peer.close();
  t.throws(() => peer.label, { code: 'ERR_IVSHMEM_CLOSED' });
});
