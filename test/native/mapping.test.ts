import { fstatSync, readFileSync, readSync, write, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Fd } from '../../native/fd.js';
import { Mapping, MAX_MAPPING_BYTES } from '../../native/mapping.js';
import { createMemfd, resizeMemory } from '../../native/memory.js';
import { addressSpace, collected } from '../helper/collect.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import { until } from '../helper/until.js';

const PAGE = 4096;
const canDetach = 'transfer' in ArrayBuffer.prototype;

function memory(sizeBytes: number, hugePageBytes?: number): Fd {
  const fd = createMemfd('test', hugePageBytes);
  resizeMemory(fd, sizeBytes);
  return fd;
}

/** How many mappings this process has of an object. */
function mappings(fd: Fd): number {
  const { ino } = fstatSync(fd.rawFd);
  return [...readFileSync('/proc/self/maps', 'latin1').matchAll(new RegExp(` ${ino} `, 'g'))]
    .length;
}

t.test('what is written to the buffer is in the object, and the other way round', async (t) => {
  using fd = memory(2 * PAGE);
  using mapping = new Mapping(fd, { offset: 0, length: 2 * PAGE });
  const bytes = new Uint8Array(mapping.buffer);
  t.equal(bytes.length, 2 * PAGE);
  bytes.set([1, 2, 3], PAGE - 1);
  const read = Buffer.alloc(3);
  readSync(fd.rawFd, read, 0, 3, PAGE - 1);
  t.same([...read], [1, 2, 3]);
  writeSync(fd.rawFd, Buffer.from([9]), 0, 1, 5);
  t.equal(bytes[5], 9);
});

t.test('two mappings of an object are the same memory, and Atomics work on it', async (t) => {
  using fd = memory(PAGE);
  using a = new Mapping(fd, { offset: 0, length: PAGE });
  using b = new Mapping(fd, { offset: 0, length: PAGE });
  Atomics.store(new Int32Array(a.buffer), 7, 41);
  t.equal(Atomics.add(new Int32Array(b.buffer), 7, 1), 41);
  t.equal(Atomics.load(new Int32Array(a.buffer), 7), 42);
});

t.test('a range need not begin or end at a page', async (t) => {
  using fd = memory(4 * PAGE);
  writeSync(fd.rawFd, Buffer.from('here'), 0, 4, PAGE + 123);
  using mapping = new Mapping(fd, { offset: PAGE + 123, length: 4 });
  t.equal(Buffer.from(mapping.buffer).toString(), 'here');
});

t.test('a range on huge pages need not either', need('hugepages'), async (t) => {
  using fd = memory(2 * 2 ** 21, 2 ** 21);
  using mapping = new Mapping(fd, { offset: 2 ** 21 + 5, length: 4 });
  new Uint8Array(mapping.buffer).fill(7);
  using whole = new Mapping(fd, { offset: 0, length: 2 * 2 ** 21 });
  t.same([...new Uint8Array(whole.buffer, 2 ** 21 + 4, 6)], [0, 7, 7, 7, 7, 0]);
  mapping.close();
  t.equal(new Uint8Array(whole.buffer)[2 ** 21 + 5], 7);
});

const impossible = [
  { offset: -1, length: 1 },
  { offset: 0, length: 0 },
  { offset: 0, length: PAGE + 1 },
  { offset: PAGE, length: 1 },
  { offset: NaN, length: 1 },
];
for (const range of impossible) {
  t.test(`no mapping of ${range.length} bytes at ${range.offset} of a page`, async (t) => {
    using fd = memory(PAGE);
    t.throws(() => new Mapping(fd, range), RangeError);
  });
}

t.test('a mapping is as large as an ArrayBuffer can be, no larger', async (t) => {
  const length = Math.min(MAX_MAPPING_BYTES, 2 ** 36);
  using fd = memory(2 * length);
  using mapping = new Mapping(fd, { offset: 0, length });
  t.equal(mapping.buffer.byteLength, length);
  const end = new Uint8Array(mapping.buffer, length - 1);
  end[0] = 1;
  t.equal(end[0], 1);
  t.throws(() => new Mapping(fd, { offset: 0, length: MAX_MAPPING_BYTES + 1 }), RangeError);
});

t.test('the kernel says no: ENOMEM', async (t) => {
  using fd = memory(PAGE);
  failing(t, 'mmap', 'ENOMEM', { times: 1 });
  t.throws(() => new Mapping(fd, { offset: 0, length: PAGE }), { code: 'ENOMEM', syscall: 'mmap' });
});

t.test('after the end a buffer is harmless, and the object not reached by it', async (t) => {
  using fd = memory(PAGE);
  const mapping = new Mapping(fd, { offset: 0, length: PAGE });
  const { buffer } = mapping;
  const bytes = new Uint8Array(buffer);
  bytes.fill(5);
  t.equal(mappings(fd), 1);
  mapping.close();
  mapping.close();
  t.equal(mappings(fd), 0, 'nothing of it is mapped');
  t.equal(buffer.byteLength, canDetach ? 0 : PAGE);
  t.equal(bytes[0], canDetach ? undefined : 0);
  bytes[0] = 6;
  const read = Buffer.alloc(1);
  readSync(fd.rawFd, read, 0, 1, 0);
  t.equal(read[0], 5);
});

t.test('a mapping that the kernel does not let us end stays, and nothing crashes', async (t) => {
  using fd = memory(PAGE);
  const mapping = new Mapping(fd, { offset: 0, length: PAGE });
  const bytes = new Uint8Array(mapping.buffer);
  failing(t, 'mmap', 'ENOMEM');
  mapping.close();
  t.equal(mappings(fd), 1);
  bytes[0] = 1;
  t.equal(bytes.length, canDetach ? 0 : PAGE);
});

t.test('a native call that is under way at the end finishes', async (t) => {
  const length = 256 * 2 ** 20;
  using fd = memory(length);
  using target = memory(length);
  const mapping = new Mapping(fd, { offset: 0, length });
  const written = new Promise((resolve) => {
    write(target.rawFd, new Uint8Array(mapping.buffer), (error, bytes) => resolve(error ?? bytes));
  });
  await sleep(5);
  mapping.close();
  t.equal(await written, length);
});

t.test('a buffer whose store was moved elsewhere is harmless, too', async (t) => {
  if (!canDetach) {
    t.notOk(canDetach, 'nothing can move it before Node 22');
    return;
  }
  using fd = memory(PAGE);
  const mapping = new Mapping(fd, { offset: 0, length: PAGE });
  const moved = (mapping.buffer as ArrayBuffer & { transfer(): ArrayBuffer }).transfer();
  mapping.close();
  await collected();
  t.equal(new Uint8Array(moved)[0], 0);
});

t.test('addresses are given back when nothing can reach them', async (t) => {
  using fd = memory(2 ** 30);
  const before = addressSpace();
  for (let count = 0; count < 100; count += 1) {
    const mapping = new Mapping(fd, { offset: 0, length: 2 ** 30 });
    new Uint8Array(mapping.buffer)[0] = 1;
    mapping.close();
  }
  await until('less than 5 of 100 GiB is left', async () => {
    await collected();
    return addressSpace() - before < 5 * 2 ** 20;
  });
  t.pass('they are');
});

// What an engine that can move a buffer's store has, told by hand: Node 20 has neither.
for (const detached of [true, false]) {
  t.test(
    `the end of a buffer that an engine calls ${detached ? '' : 'not '}detached`,
    async (t) => {
      using fd = memory(PAGE);
      const mapping = new Mapping(fd, { offset: 0, length: PAGE });
      let moves = 0;
      Object.defineProperty(mapping.buffer, 'detached', { value: detached });
      Object.defineProperty(mapping.buffer, 'transfer', { value: () => (moves += 1) });
      mapping.close();
      t.equal(moves, detached ? 0 : 1);
      t.equal(mappings(fd), 0);
    },
  );
}
