import { chmodSync, readdirSync, readSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import t, { type Test } from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { createEventfd } from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { MessageBatch } from '../../native/message-batch.js';
import {
  acceptSocket,
  bindSocket,
  connectSocket,
  createSocketPair,
  createUnixSocket,
  discardByte,
  isSendShut,
  listenSocket,
  MAX_SOCKET_PATH_BYTES,
  peerCredentials,
  sendBytes,
  shutdownListener,
  unreadByPeer,
  unreadHere,
} from '../../native/unix-socket.js';
import { Child } from '../helper/child.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { sendPair } from './descriptor-pair.js';
import { withoutRoom } from './no-room.js';
import { unprivileged } from './other-user.js';
import { isBlocking, isClosedOnExec } from './status-flags.js';

/** A socket and its peer's end, closed when the test ends. */
function pair(t: Test): [Fd, Fd] {
  const ends = createSocketPair();
  t.teardown(() => ends.forEach((fd) => fd.close()));
  return ends;
}

/** A socket bound to a path of the test's own. */
function bound(t: Test, path: string): Fd {
  const fd = createUnixSocket();
  t.teardown(() => fd.close());
  bindSocket(fd, path);
  return fd;
}

/** A socket that listens at a path of the test's own. */
function listening(t: Test, backlog = 10): { path: string; listener: Fd } {
  const path = `${temp(t)}/s`;
  const listener = bound(t, path);
  listenSocket(listener, backlog);
  return { path, listener };
}

t.test('every socket is non-blocking and closed on exec', async (t) => {
  const { path, listener } = listening(t);
  using client = connectSocket(path);
  using accepted = acceptSocket(listener);
  for (const fd of [listener, client!, accepted!, ...pair(t)]) {
    t.notOk(isBlocking(fd.rawFd));
    t.ok(isClosedOnExec(fd.rawFd));
  }
});

t.test('what one end of a pair writes the other reads', async (t) => {
  const [a, b] = pair(t);
  writeSync(a.rawFd, 'text');
  const buffer = Buffer.alloc(4);
  t.equal(readSync(b.rawFd, buffer), 4);
  t.equal(buffer.toString(), 'text');
});

t.test('no room for a socket is EMFILE, and leaves nothing open', async (t) => {
  const before = Fd.open;
  const { path } = listening(t);
  t.throws(() => withoutRoom(createUnixSocket), { code: 'EMFILE', syscall: 'socket' });
  t.throws(() => withoutRoom(createSocketPair), { code: 'EMFILE', syscall: 'socketpair' });
  t.throws(() => withoutRoom(() => connectSocket(path)), { code: 'EMFILE' });
  t.equal(Fd.open, before + 1);
});

t.test('a bound socket is a name; connects fail until it listens', async (t) => {
  const path = `${temp(t)}/s`;
  const fd = bound(t, path);
  t.ok(statSync(path).isSocket());
  t.throws(() => connectSocket(path), { code: 'ECONNREFUSED', syscall: 'connect', path });
  listenSocket(fd, 1);
  using client = connectSocket(path);
  t.ok(client);
});

t.test('what cannot be bound is told with its path', async (t) => {
  const directory = temp(t);
  using fd = createUnixSocket();
  writeFileSync(`${directory}/file`, '');
  const bind = (path: string) => () => bindSocket(fd, path);
  const path = `${directory}/file`;
  t.throws(bind(path), { code: 'EADDRINUSE', syscall: 'bind', path });
  t.throws(bind(`${directory}/no/s`), { code: 'ENOENT' });
  t.throws(bind(`${directory}/file/s`), { code: 'ENOTDIR' });
  t.throws(() => unprivileged(bind('/s')), { code: 'EACCES' });
});

t.test('what cannot listen is told', async (t) => {
  using fd = createUnixSocket();
  t.throws(() => listenSocket(fd, 1), { code: 'EINVAL', syscall: 'listen' }, 'not bound');
});

t.test('a path has 107 bytes at most, and not one is cut off', async (t) => {
  const directory = temp(t);
  const start = `${directory}/${'é'.repeat(10)}`;
  const path = start + 'x'.repeat(MAX_SOCKET_PATH_BYTES - Buffer.byteLength(start));
  t.equal(Buffer.byteLength(path), 107);
  bound(t, path);
  t.strictSame(readdirSync(directory), [path.slice(directory.length + 1)]);
  using fd = createUnixSocket();
  t.throws(() => bindSocket(fd, `${path}x`), {
    code: 'ENAMETOOLONG',
    syscall: 'bind',
    path: `${path}x`,
  });
  t.throws(() => connectSocket(`${path}x`), { code: 'ENAMETOOLONG', syscall: 'connect' });
});

t.test('a shorter path keeps nothing of a longer one before it', async (t) => {
  const directory = temp(t);
  bound(t, `${directory}/long-name`);
  bound(t, `${directory}/s`);
  t.strictSame(readdirSync(directory).sort(), ['long-name', 's']);
});

t.test('no path is no name, neither an abstract one nor one cut at a NUL', async (t) => {
  const directory = temp(t);
  using fd = createUnixSocket();
  for (const path of ['', '\0abstract', `${directory}/a\0b`])
    t.throws(() => bindSocket(fd, path), { code: 'EINVAL', syscall: 'bind', path });
  t.strictSame(readdirSync(directory), []);
});

t.test('a full backlog is no connection, until one is accepted', async (t) => {
  const { path, listener } = listening(t, 0);
  using first = connectSocket(path);
  t.ok(first);
  const before = Fd.open;
  t.equal(connectSocket(path), undefined);
  t.equal(Fd.open, before, 'nothing leaks');
  using accepted = acceptSocket(listener);
  using second = connectSocket(path);
  t.ok(accepted && second);
});

t.test('where nothing listens there is no connection, and nothing leaks', async (t) => {
  const directory = temp(t);
  const before = Fd.open;
  t.throws(() => connectSocket(`${directory}/s`), { code: 'ENOENT', syscall: 'connect' });
  writeFileSync(`${directory}/file`, '');
  t.throws(() => connectSocket(`${directory}/file`), { code: 'ECONNREFUSED' });
  t.throws(() => connectSocket(''), { code: 'EINVAL' });
  t.equal(Fd.open, before);
});

t.test('a socket that we may not write to is EACCES', async (t) => {
  const { path } = listening(t);
  chmodSync(path, 0);
  t.throws(() => unprivileged(() => connectSocket(path)), { code: 'EACCES', path });
});

t.test('nobody queues: nothing to accept', async (t) => {
  const { listener } = listening(t);
  t.equal(acceptSocket(listener), undefined);
});

t.test('a connection for which there is no room is EMFILE, and goes on waiting', async (t) => {
  const { path, listener } = listening(t);
  using client = connectSocket(path);
  t.throws(() => withoutRoom(() => acceptSocket(listener)), { code: 'EMFILE', syscall: 'accept4' });
  using accepted = acceptSocket(listener);
  t.ok(client && accepted);
});

t.test('a listener shut down serves who waits, and nobody new', async (t) => {
  const { path, listener } = listening(t);
  using client = connectSocket(path);
  shutdownListener(listener);
  t.throws(() => connectSocket(path), { code: 'ECONNREFUSED' });
  using accepted = acceptSocket(listener);
  t.ok(client && accepted);
  t.equal(acceptSocket(listener), undefined, 'no error tells that it was the last');
});

t.test('what does not listen accepts nothing, and what is no socket has no end', async (t) => {
  using socket = createUnixSocket();
  t.throws(() => acceptSocket(socket), { code: 'EINVAL', syscall: 'accept4' });
  using eventfd = createEventfd();
  t.throws(() => shutdownListener(eventfd), { code: 'ENOTSOCK', syscall: 'shutdown' });
});

t.test('a peer is the process that connected', async (t) => {
  const { path, listener } = listening(t);
  const script = `require('net').connect(process.argv[1])`;
  const child = new Child(t, [process.execPath, '-e', script, path]);
  using accepted = await until('it connects', () => acceptSocket(listener));
  t.strictSame(peerCredentials(accepted), {
    pid: child.pid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
  });
});

t.test('a peer is who it was when it connected', need('root'), async (t) => {
  const { path, listener } = listening(t);
  chmodSync(dirname(path), 0o755);
  chmodSync(path, 0o777);
  using client = unprivileged(() => connectSocket(path));
  using accepted = acceptSocket(listener);
  t.ok(client);
  t.equal(peerCredentials(accepted!).uid, 65_534);
});

t.test('credentials of what is no socket are an error', async (t) => {
  using fd = createEventfd();
  t.throws(() => peerCredentials(fd), { code: 'ENOTSOCK', syscall: 'getsockopt' });
});

t.test('what the peer has not read is counted, a like amount for each message', async (t) => {
  const [socket, peer] = pair(t);
  t.equal(unreadByPeer(socket), 0);
  const batch = new MessageBatch(10);
  for (let number = 0; number < 10; number += 1) batch.addNumber(number);
  batch.send(socket);
  const ten = unreadByPeer(socket);
  t.ok(ten >= 80);
  t.equal(unreadHere(peer), 80);
  readSync(peer.rawFd, Buffer.alloc(8));
  t.equal(unreadByPeer(socket), (ten / 10) * 9);
  t.equal(unreadHere(peer), 72);
  readSync(peer.rawFd, Buffer.alloc(72));
  t.equal(unreadByPeer(socket), 0);
  t.equal(unreadHere(peer), 0);
});

t.test('what cannot be counted is told', async (t) => {
  using fd = createEventfd();
  t.throws(() => unreadByPeer(fd), { code: 'ENOTTY', syscall: 'ioctl' });
  t.throws(() => unreadHere(fd), { code: 'ENOTTY', syscall: 'ioctl' });
});

t.test('bytes are sent as they are, as many as fit', async (t) => {
  const [socket, peer] = pair(t);
  t.equal(sendBytes(socket, Buffer.from([0, 1, 255])), 3);
  const buffer = Buffer.alloc(4);
  t.equal(readSync(peer.rawFd, buffer), 3);
  t.same(buffer, Buffer.from([0, 1, 255, 0]));
  t.equal(sendBytes(socket, Buffer.alloc(20_000)), 16_384, 'at most 16 KiB at a time');
  while (sendBytes(socket, Buffer.alloc(16_384)) !== undefined);
  t.equal(sendBytes(socket, Buffer.alloc(16_384)), undefined, 'it would block');
});

t.test('who is gone is sent nothing, and the process lives', async (t) => {
  const [socket, peer] = pair(t);
  peer.close();
  t.throws(() => sendBytes(socket, Buffer.from('a')), { code: 'EPIPE', syscall: 'send' });
});

t.test('a byte is discarded, one at a time; then the end', async (t) => {
  const [socket, peer] = pair(t);
  t.equal(discardByte(socket), undefined);
  writeSync(peer.rawFd, 'ab');
  t.equal(discardByte(socket), 1);
  t.equal(unreadHere(socket), 1);
  t.equal(discardByte(socket), 1);
  t.equal(discardByte(socket), undefined);
  peer.close();
  t.equal(discardByte(socket), 0);
});

t.test('descriptors that come with a discarded byte do not stay', async (t) => {
  const [socket, peer] = pair(t);
  using fd = createEventfd();
  sendPair(peer, [fd, fd]);
  const before = descriptorCount('self');
  t.equal(discardByte(socket), 1);
  t.equal(descriptorCount('self'), before);
});

t.test('who closed without having read ours is ECONNRESET', async (t) => {
  const [socket, peer] = pair(t);
  writeSync(socket.rawFd, 'a');
  peer.close();
  t.throws(() => discardByte(socket), { code: 'ECONNRESET', syscall: 'recv' });
});

t.test('who shut down its reading half will never read; asking sends nothing', async (t) => {
  const [here, there] = createSocketPair();
  t.equal(isSendShut(here), false);
  t.equal(unreadByPeer(here), 0);
  shutdownListener(there);
  t.equal(isSendShut(here), true);
  here.close();
  there.close();
});
