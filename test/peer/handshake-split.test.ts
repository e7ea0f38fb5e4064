// The handshake in pieces: split at any byte it makes the same peer; cut off at any byte it is
// ERR_IVSHMEM_HANG_UP.
import t, { type Test } from 'tap';
import { inspectEventfd } from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { Peer } from '../../src/index.js';
import { duplicateFd } from '../../native/duplicate.js';
import { openDescriptors } from '../helper/descriptor-balance.js';
import { ScriptServer, type ScriptConnection, type Sent } from '../helper/script-server.js';

const MESSAGE_BYTES = 8;

/** Peer 0 is there with two vectors, and we are 1. */
function handshake({ memory, doorbells: [first, second] }: ScriptServer): readonly Sent[] {
  return [
    ['0000000000000000'],
    ['0100000000000000'],
    ['ffffffffffffffff', memory],
    ['0000000000000000', first],
    ['0000000000000000', second],
    ['0100000000000000', second],
    ['0100000000000000', first],
  ];
}

const BYTES = 7 * MESSAGE_BYTES;

/** The bytes from one place to another, as pieces of one message each. */
function part(messages: readonly Sent[], from: number, to: number): Sent[] {
  return messages.flatMap(([hex, ...fds], index) => {
    const start = Math.max(from - index * MESSAGE_BYTES, 0);
    const end = Math.min(to - index * MESSAGE_BYTES, MESSAGE_BYTES);
    if (start >= end) return [];
    const piece: Sent = [hex.slice(2 * start, 2 * end), ...(start === 0 ? fds : [])];
    return [piece];
  });
}

async function send(connection: ScriptConnection, pieces: readonly Sent[]): Promise<void> {
  for (const piece of pieces) connection.send(...piece);
  await connection.isRead();
}

function ids(peer: Peer): number[] {
  const rawFds = peer.handle.doorbells.flatMap(([, doorbells]) => doorbells);
  return rawFds.map((rawFd) => {
    using fd: Fd = duplicateFd(rawFd)!;
    return inspectEventfd(fd).id;
  });
}

/** Joins a server that sends the handshake, with a pause at each of these bytes. */
async function joins(t: Test, server: ScriptServer, cuts: readonly number[]): Promise<void> {
  const messages = handshake(server);
  const before = openDescriptors();
  const connecting = Peer.connect({ socket: server.socket });
  const connection = await server.accept();
  for (const [index, to] of [...cuts, BYTES].entries()) {
    await send(connection, part(messages, cuts[index - 1] ?? 0, to));
  }
  const peer = await connecting;
  const { id, vectors, memorySize, isConnected, peers } = peer;
  t.same(
    { id, vectors, memorySize, isConnected, peers: [...peers] },
    { id: 1, vectors: 2, memorySize: 4096, isConnected: true, peers: [[0, 2]] },
  );
  const [first, second] = server.doorbells.map((fd) => inspectEventfd(fd).id);
  t.same(ids(peer), [first, second, second, first]);
  peer.close();
  connection.close();
  t.same(openDescriptors(), before);
}

t.test('a handshake split at any byte makes the same peer', async (t) => {
  const server = new ScriptServer(t);
  for (let cut = 1; cut < BYTES; cut += 1) await joins(t, server, [cut]);
});

t.test('a handshake of single bytes makes the same peer', async (t) => {
  const all = Array.from({ length: BYTES - 1 }, (_, index) => index + 1);
  await joins(t, new ScriptServer(t), all);
});

for (let cut = 0; cut < BYTES; cut += 1) {
  t.test(`a server that closes after ${cut} bytes is ERR_IVSHMEM_HANG_UP`, async (t) => {
    const server = new ScriptServer(t);
    const messages = handshake(server);
    const before = openDescriptors();
    const connecting = Peer.connect({ socket: server.socket });
    const connection = await server.accept();
    for (const piece of part(messages, 0, cut)) connection.send(...piece);
    connection.close();
    const isInside = cut % MESSAGE_BYTES > 0;
    const progress = ['no ID', 'no ID', 'no memory'][cut / MESSAGE_BYTES] ?? 'of our vectors';
    const message = isInside
      ? 'the server closed inside a message'
      : new RegExp(`: it sent .*${progress}$`);
    await t.rejects(connecting, { name: 'PeerError', code: 'ERR_IVSHMEM_HANG_UP', message });
    t.same(openDescriptors(), before);
  });
}
