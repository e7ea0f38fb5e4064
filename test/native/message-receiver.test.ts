import { writeSync } from 'node:fs';
import t, { type Test } from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { createEventfd, inspectEventfd } from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { MessageBatch, MessageRows } from '../../native/message-batch.js';
import { MessageReceiver, type Received } from '../../native/message-receiver.js';
import { createSocketPair } from '../../native/unix-socket.js';
import { sendPair } from './descriptor-pair.js';
import { withoutRoom } from './no-room.js';
import { isClosedOnExec, makeBlocking } from './status-flags.js';

const receiver = new MessageReceiver();

/** A socket and the one who sends to it, closed when the test ends. */
function pair(t: Test): [socket: Fd, sender: Fd] {
  const ends = createSocketPair();
  t.teardown(() => ends.forEach((fd) => fd.close()));
  return ends;
}

/** Sends the number 1 with a new doorbell; returns the doorbell's identity. */
function sendDoorbell(sender: Fd): number {
  const fd = createEventfd();
  using rows = new MessageRows([{ number: 1, fd }]);
  const batch = new MessageBatch(1);
  batch.addRows(rows, 0, 1);
  batch.send(sender);
  return inspectEventfd(fd).id;
}

function hexOf(received: Received | undefined): string | undefined {
  return received && Buffer.from(received.bytes).toString('hex');
}

t.test('nothing there is undefined, even on a socket made blocking', async (t) => {
  const [socket] = pair(t);
  t.equal(receiver.receive(socket, 8), undefined);
  makeBlocking(socket.rawFd);
  t.equal(receiver.receive(socket, 8), undefined);
});

t.test('bytes without a descriptor have none', async (t) => {
  const [socket, sender] = pair(t);
  writeSync(sender.rawFd, Buffer.from('0a0b', 'hex'));
  const received = receiver.receive(socket, 8);
  t.equal(hexOf(received), '0a0b');
  t.equal(received?.fd, undefined);
  t.equal(received?.isTruncated, false);
});

t.test('a descriptor is owned from the start, and closed on exec', async (t) => {
  const [socket, sender] = pair(t);
  const id = sendDoorbell(sender);
  const before = Fd.open;
  const received = receiver.receive(socket, 8);
  t.equal(hexOf(received), '0100000000000000');
  t.equal(received?.isTruncated, false);
  t.equal(Fd.open, before + 1);
  using fd = received!.fd!;
  t.equal(inspectEventfd(fd).id, id);
  t.ok(isClosedOnExec(fd.rawFd));
});

t.test('no more is read than was wanted: the next message keeps its descriptor', async (t) => {
  const [socket, sender] = pair(t);
  writeSync(sender.rawFd, Buffer.from('ffffffff', 'hex'));
  const id = sendDoorbell(sender);
  t.equal(hexOf(receiver.receive(socket, 1)), 'ff');
  const rest = receiver.receive(socket, 3);
  t.equal(hexOf(rest), 'ffffff');
  t.equal(rest?.fd, undefined);
  using fd = receiver.receive(socket, 8)!.fd!;
  t.equal(inspectEventfd(fd).id, id);
});

t.test('a descriptor comes with the first byte of its message', async (t) => {
  const [socket, sender] = pair(t);
  sendDoorbell(sender);
  const first = receiver.receive(socket, 3);
  t.equal(hexOf(first), '010000');
  t.ok(first?.fd?.isOpen);
  first?.fd?.close();
  const rest = receiver.receive(socket, 5);
  t.equal(hexOf(rest), '0000000000');
  t.equal(rest?.fd, undefined);
});

t.test('32 bytes at most are read at once', async (t) => {
  const [socket, sender] = pair(t);
  writeSync(sender.rawFd, Buffer.alloc(40, 7));
  t.equal(receiver.receive(socket, 1_000)?.bytes.length, 32);
  t.equal(receiver.receive(socket, 1_000)?.bytes.length, 8);
});

t.test('two descriptors in a message are one lost: the first is owned, none leaks', async (t) => {
  const [socket, sender] = pair(t);
  using first = createEventfd();
  using second = createEventfd();
  sendPair(sender, [first, second]);
  const before = descriptorCount('self') ?? NaN;
  const received = receiver.receive(socket, 8);
  t.equal(descriptorCount('self'), before + 1, 'the kernel did not open the second');
  t.equal(received?.isTruncated, true);
  t.equal(hexOf(received), '0102030405060708');
  using fd = received!.fd!;
  t.equal(inspectEventfd(fd).id, inspectEventfd(first).id);
});

t.test('a descriptor for which there is no room is lost, and that is told', async (t) => {
  const [socket, sender] = pair(t);
  sendDoorbell(sender);
  const received = withoutRoom(() => receiver.receive(socket, 8));
  t.equal(received?.isTruncated, true);
  t.equal(received?.fd, undefined);
  t.equal(hexOf(received), '0100000000000000');
  sendDoorbell(sender);
  const next = receiver.receive(socket, 8);
  t.equal(next?.isTruncated, false, 'the next message is whole again');
  next?.fd?.close();
});

t.test('the end is a message without bytes', async (t) => {
  const [socket, sender] = pair(t);
  writeSync(sender.rawFd, 'a');
  sender.close();
  t.equal(hexOf(receiver.receive(socket, 8)), '61', 'what was sent comes first');
  t.strictSame(receiver.receive(socket, 8)?.bytes.length, 0);
});

t.test('who closed without having read ours is an error', async (t) => {
  const [socket, sender] = pair(t);
  writeSync(socket.rawFd, 'a');
  sender.close();
  t.throws(() => receiver.receive(socket, 8), { code: 'ECONNRESET', syscall: 'recvmsg' });
});

t.test('what one receive brought is valid until the next', async (t) => {
  const [socket, sender] = pair(t);
  writeSync(sender.rawFd, 'ab');
  const first = receiver.receive(socket, 1)!;
  t.equal(hexOf(first), '61');
  receiver.receive(socket, 1);
  t.equal(hexOf(first), '62', 'copy what is to be kept');
});
