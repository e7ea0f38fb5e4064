import { readSync } from 'node:fs';
import t, { type Test } from 'tap';
import { createEventfd, inspectEventfd } from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { MessageBatch, MessageRows } from '../../native/message-batch.js';
import { MessageReceiver } from '../../native/message-receiver.js';
import { createSocketPair } from '../../native/unix-socket.js';
import { failing } from '../helper/fault.js';
import { withDescriptorLimit } from './no-room.js';
import { unprivileged } from './other-user.js';
import { makeBlocking } from './status-flags.js';

const receiver = new MessageReceiver();

/** A socket and its peer's end, closed when the test ends. */
function pair(t: Test): [Fd, Fd] {
  const ends = createSocketPair();
  t.teardown(() => ends.forEach((fd) => fd.close()));
  return ends;
}

/** Doorbells of this test, with their identities. */
function doorbells(count: number): { fds: Fd[]; ids: number[] } {
  const fds = Array.from({ length: count }, createEventfd);
  return { fds, ids: fds.map((fd) => inspectEventfd(fd).id) };
}

/** All the bytes that wait, in hex. */
function bytesAt(peer: Fd): string {
  const buffer = Buffer.alloc(65_536);
  return buffer.toString('hex', 0, readSync(peer.rawFd, buffer));
}

/** The next message: its bytes in hex, and which doorbell it carries. */
function messageAt(peer: Fd): { hex: string; id: number | undefined } | undefined {
  const received = receiver.receive(peer, 8);
  if (!received) return undefined;
  const hex = Buffer.from(received.bytes).toString('hex');
  const id = received.fd && inspectEventfd(received.fd).id;
  received.fd?.close();
  return { hex, id };
}

/** Sends numbers until the socket takes no more; returns how many it took. */
function fill(socket: Fd, batch: MessageBatch): number {
  let taken = 0;
  for (;;) {
    batch.clear();
    for (let number = taken; batch.room > 0; number += 1) batch.addNumber(number);
    const sent = batch.send(socket);
    if (sent === 0) return taken;
    taken += sent;
  }
}

t.test('a number is eight bytes, little-endian and signed', async (t) => {
  const [socket, peer] = pair(t);
  const batch = new MessageBatch(5);
  for (const number of [0, -1, 65_535, -13, Number.MAX_SAFE_INTEGER]) batch.addNumber(number);
  t.equal(batch.send(socket), 5);
  t.equal(
    bytesAt(peer),
    '0000000000000000ffffffffffffffffffff000000000000f3ffffffffffffffffffffffffff1f00',
  );
});

t.test('each message carries its own descriptor, or none', async (t) => {
  const [socket, peer] = pair(t);
  const { fds, ids } = doorbells(2);
  using rows = new MessageRows([
    { number: 3, fd: fds[0] },
    { number: 4 },
    { number: 3, fd: fds[1] },
  ]);
  const batch = new MessageBatch(4);
  batch.addNumber(7);
  batch.addRows(rows, 0, 3);
  t.equal(batch.send(socket), 4);
  t.strictSame(messageAt(peer), { hex: '0700000000000000', id: undefined });
  t.strictSame(messageAt(peer), { hex: '0300000000000000', id: ids[0] });
  t.strictSame(messageAt(peer), { hex: '0400000000000000', id: undefined });
  t.strictSame(messageAt(peer), { hex: '0300000000000000', id: ids[1] });
  t.equal(messageAt(peer), undefined);
});

t.test('rows are encoded once and sent to many, from anywhere', async (t) => {
  const { fds, ids } = doorbells(3);
  using rows = new MessageRows(fds.map((fd) => ({ number: 5, fd })));
  const batch = new MessageBatch(2);
  for (let from = 0; from < 2; from += 1) {
    const [socket, peer] = pair(t);
    batch.clear();
    batch.addRows(rows, from, 2);
    t.equal(batch.send(socket), 2);
    t.strictSame([messageAt(peer)?.id, messageAt(peer)?.id], ids.slice(from, from + 2));
  }
});

t.test('a batch counts what it holds and what fits', async (t) => {
  const batch = new MessageBatch(4);
  const seen = (): unknown => [batch.count, batch.room];
  t.strictSame(seen(), [0, 4]);
  batch.addNumber(1);
  t.strictSame(seen(), [1, 3]);
  batch.clear(2);
  t.strictSame(seen(), [0, 2]);
  batch.clear(9);
  t.strictSame(seen(), [0, 4], 'no limit makes room that is not there');
  using rows = new MessageRows([{ number: 1 }, { number: 2 }, { number: 3 }]);
  batch.addRows(rows, 0, 3);
  t.strictSame(seen(), [3, 1]);
});

t.test('what does not fit, or is not there, is a RangeError and changes nothing', async (t) => {
  const [socket, peer] = pair(t);
  const batch = new MessageBatch(2);
  using rows = new MessageRows([{ number: 1 }, { number: 2 }, { number: 3 }]);
  batch.addNumber(9);
  t.throws(() => batch.addRows(rows, 0, 2), RangeError);
  t.throws(() => batch.addRows(rows, 2, 2), RangeError);
  t.throws(() => batch.addRows(rows, -1, 1), RangeError);
  batch.addNumber(8);
  t.throws(() => batch.addNumber(7), RangeError);
  t.equal(batch.count, 2);
  t.equal(batch.send(socket), 2);
  t.equal(bytesAt(peer), '09000000000000000800000000000000');
});

t.test('nothing to send sends nothing', async (t) => {
  const [socket, peer] = pair(t);
  t.equal(new MessageBatch(1).send(socket), 0);
  t.equal(messageAt(peer), undefined);
});

t.test('a socket takes a part of a batch, then 0, and the rest once it was read', async (t) => {
  const [socket, peer] = pair(t);
  const batch = new MessageBatch(1024);
  const taken = fill(socket, batch);
  t.ok(taken > 0 && taken < 1024, 'one batch is more than a socket holds');
  t.equal(batch.send(socket), 0);
  for (let number = 0; number < taken; number += 1)
    if (Buffer.from(messageAt(peer)!.hex, 'hex').readBigInt64LE() !== BigInt(number))
      t.fail(`message ${number}`);
  t.equal(messageAt(peer), undefined, 'no part of a message');
  t.equal(batch.send(socket), taken);
});

t.test('a full socket that was made blocking does not block', async (t) => {
  const [socket] = pair(t);
  makeBlocking(socket.rawFd);
  const batch = new MessageBatch(1024);
  t.ok(fill(socket, batch) < 1024);
});

t.test('a peer that is gone is an error', async (t) => {
  const batch = new MessageBatch(1);
  batch.addNumber(1);
  const [socket, peer] = pair(t);
  peer.close();
  t.throws(() => batch.send(socket), { code: 'EPIPE', syscall: 'sendmmsg' });
});

t.test('descriptors in flight beyond the limit are refused, those before are sent', async (t) => {
  const [socket, peer] = pair(t);
  const { fds } = doorbells(1);
  using rows = new MessageRows(Array.from({ length: 200 }, () => ({ number: 0, fd: fds[0] })));
  const batch = new MessageBatch(200);
  let taken = 0;
  // The limit is for all of a user's processes: how many are taken here, others decide, too.
  const sendAll = (): void => {
    while (taken < 200) {
      batch.clear();
      batch.addRows(rows, taken, 200 - taken);
      taken += batch.send(socket);
    }
  };
  t.throws(() => withDescriptorLimit(100, () => unprivileged(sendAll)), {
    code: 'ETOOMANYREFS',
    syscall: 'sendmmsg',
  });
  let received = 0;
  while (messageAt(peer)) received += 1;
  t.equal(received, taken);
  t.ok(batch.send(socket) > 0, 'with room in flight there is room again');
});

t.test('a kernel without memory is told', async (t) => {
  const [socket] = pair(t);
  const batch = new MessageBatch(1);
  batch.addNumber(1);
  failing(t, 'sendmmsg', 'ENOBUFS');
  t.throws(() => batch.send(socket), { code: 'ENOBUFS', syscall: 'sendmmsg' });
});

t.test('closed rows have closed their descriptors, and are never sent', async (t) => {
  const { fds } = doorbells(2);
  const rows = new MessageRows(fds.map((fd) => ({ number: 0, fd })));
  const batch = new MessageBatch(2);
  rows.close();
  t.notOk(fds.some(({ isOpen }) => isOpen));
  t.throws(() => batch.addRows(rows, 0, 1), { code: 'ERR_IVSHMEM_FD_CLOSED' });
  t.equal(batch.count, 0);
  t.doesNotThrow(() => rows.close());
});

t.test('rows cannot be made of a closed descriptor', async (t) => {
  const fd = createEventfd();
  fd.close();
  t.throws(() => new MessageRows([{ number: 0, fd }]), { code: 'ERR_IVSHMEM_FD_CLOSED' });
});

t.test('what the kernel has queued stays good when the rows are closed', async (t) => {
  const [socket, peer] = pair(t);
  const { fds, ids } = doorbells(1);
  const rows = new MessageRows([{ number: 0, fd: fds[0] }]);
  const batch = new MessageBatch(1);
  batch.addRows(rows, 0, 1);
  batch.send(socket);
  rows.close();
  t.strictSame(messageAt(peer), { hex: '0000000000000000', id: ids[0] });
});
