import os from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import koffi from 'koffi';
import t from 'tap';
import { ownDescriptorLimit } from '../../native/descriptor-limit.js';
import { createEventfd, drainEventfd, ringEventfd } from '../../native/eventfd.js';
import { addressOf, staticMemory } from '../../native/libc.js';
import {
  connectSocket,
  createSocketPair,
  createUnixSocket,
  bindSocket,
  discardByte,
  listenSocket,
  peerCredentials,
  unreadByPeer,
} from '../../native/unix-socket.js';
import { temp, type Scope } from '../helper/temp.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const FILL = 0xa5;

/** Collects all garbage, and has what was freed used by somebody else: these arrays. */
async function reuseGarbage(): Promise<Uint8Array[]> {
  collectGarbage();
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  const sizes = [4, 8, 16, 110];
  return sizes.flatMap((size) =>
    Array.from({ length: 20_000 }, () => new Uint8Array(new ArrayBuffer(size)).fill(FILL)),
  );
}

/** Calls whatever has static memory, and tells what came of it. */
function callAll(path: string): unknown {
  using fd = createEventfd();
  const rings = [ringEventfd(fd), ringEventfd(fd), drainEventfd(fd)];
  const [a, b] = createSocketPair();
  const { pid } = peerCredentials(a);
  const socket = [pid, unreadByPeer(a), discardByte(b)];
  a.close();
  b.close();
  using client = connectSocket(path);
  return { rings, socket, isConnected: client !== undefined, limit: ownDescriptorLimit() };
}

/** A listener, bound through the memory of addresses. */
function listen(t: Scope): string {
  const path = `${temp(t)}/s`;
  const listener = createUnixSocket();
  t.teardown(() => listener.close());
  bindSocket(listener, path);
  listenSocket(listener, 10);
  return path;
}

t.test('memory that only its address refers to is collected: what is static is not', async (t) => {
  const path = listen(t);
  const expected = callAll(path);
  const others = await reuseGarbage();
  t.strictSame(callAll(path), expected);
  const isTouched = others.some((bytes) => bytes.some((byte) => byte !== FILL));
  t.notOk(isTouched, "the kernel wrote into nobody else's memory");
});

t.test('static memory stays as it is', async (t) => {
  const memories = Array.from({ length: 1_000 }, (_, index) => {
    const { view, address } = staticMemory(8);
    view.setUint32(0, index, true);
    return address;
  });
  await reuseGarbage();
  const numbers = memories.map((address) => koffi.decode(address, 'uint32') as number);
  t.ok(numbers.every((number, index) => number === index));
});

t.test('the address of memory is where its bytes are, and does not move', async (t) => {
  const memory = new ArrayBuffer(16);
  const address = addressOf(memory);
  new DataView(memory).setBigUint64(8, 0x0102_0304_0506_0708n, true);
  await reuseGarbage();
  t.equal(addressOf(memory), address);
  t.equal(koffi.decode(address + 8n, 'uint64'), 0x0102_0304_0506_0708n);
});

t.test('another system than 64-bit little-endian Linux is refused at the start', async (t) => {
  const { endianness } = os;
  t.teardown(() => (os.endianness = endianness));
  os.endianness = () => 'BE';
  // A new instance: the query makes it another module.
  const again = `${new URL('../../native/libc.js', import.meta.url).href}?big-endian`;
  await t.rejects(import(again), { message: /ivshmem needs 64-bit little-endian Linux/ });
});
