// A program that joins and leaves all day: nothing grows with it.
import t from 'tap';
import { Peer } from '../../src/index.js';
import { addressSpace, collected } from '../helper/collect.js';
import { openDescriptors } from '../helper/descriptor-balance.js';
import { Region } from '../helper/region.js';

const CONNECTS = 10_000;
const WARM_UP = 1_000;
const MEMORY_BYTES = 2 ** 22;
const MOST_HEAP_GROWTH_BYTES = 4 * 2 ** 20;
const MOST_ADDRESSES_GROWTH_KIB = 64 * 2 ** 10;

/** Joins and leaves; one in `mapsOneIn` maps the memory. */
async function visit(socket: string, count: number, mapsOneIn: number): Promise<void> {
  for (let visits = 0; visits < count; visits += 1) {
    const peer = await Peer.connect({ socket, vectors: 1 });
    if (visits % mapsOneIn === 0) new Uint8Array(peer.memory)[visits % MEMORY_BYTES] = 1;
    peer.on('interrupt', () => undefined);
    peer.ring(peer.id, 0);
    peer.close();
  }
}

/** Collected as far as it can be: some buffers go in a turn of their own. */
async function measure(): Promise<{ heapBytes: number; addressesKib: number }> {
  for (let turn = 0; turn < 5; turn += 1) await collected();
  return { heapBytes: process.memoryUsage().heapUsed, addressesKib: addressSpace() };
}

t.test(`${CONNECTS} joins and leaves leave nothing behind`, async (t) => {
  const region = await Region.listen(t, { size: MEMORY_BYTES });
  // The IDs of peers that nobody else was told of can be given again, and never run out.
  await visit(region.socket, WARM_UP, 10);
  await region.left(WARM_UP);
  const descriptors = openDescriptors();
  const before = await measure();
  await visit(region.socket, CONNECTS, 10);
  await region.left(WARM_UP + CONNECTS);
  t.same(openDescriptors(), descriptors);
  const after = await measure();
  const heap = after.heapBytes - before.heapBytes;
  const addresses = after.addressesKib - before.addressesKib;
  t.ok(heap < MOST_HEAP_GROWTH_BYTES, `the heap grew by ${heap} bytes`);
  t.ok(addresses < MOST_ADDRESSES_GROWTH_KIB, `the address space grew by ${addresses} KiB`);
});
