import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import {
  bindAbstractName,
  connectAbstractName,
  peerAbstractName,
} from '../../native/abstract-name.js';
import { createEventfd } from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { addressOf, libc } from '../../native/libc.js';
import {
  acceptSocket,
  bindSocket,
  connectSocket,
  createSocketPair,
  createUnixSocket,
  listenSocket,
} from '../../native/unix-socket.js';
import { temp } from '../helper/temp.js';

const own = (name: string): string => `ivshmem-test/${process.pid}/${name}`;

/** Both ends of a connection whose connecting end has this name. */
function connection(t: Test, ownName?: string): { here: Fd; there: Fd } {
  const path = `${temp(t)}/s`;
  using listener = createUnixSocket();
  bindSocket(listener, path);
  listenSocket(listener, 1);
  const there = connectSocket(path, ownName)!;
  const here = acceptSocket(listener)!;
  t.teardown(() => {
    here.close();
    there.close();
  });
  return { here, there };
}

t.test('who connects is seen under its abstract name', async (t) => {
  t.equal(peerAbstractName(connection(t, own('a')).here), own('a'));
});

t.test('the name of who has gone is still told', async (t) => {
  const { here, there } = connection(t, own('gone'));
  there.close();
  t.equal(peerAbstractName(here), own('gone'));
});

t.test('who has no name, or a path, has no abstract name', async (t) => {
  const { here, there } = connection(t);
  t.equal(peerAbstractName(here), undefined, 'none');
  t.equal(peerAbstractName(there), undefined, 'the path of the listener');
  const [a, b] = createSocketPair();
  t.equal(peerAbstractName(a), undefined, 'a pair');
  a.close();
  b.close();
});

t.test('a shorter name keeps nothing of a longer one before it', async (t) => {
  const long = connection(t, own('long-name'));
  const short = connection(t, own('s'));
  t.equal(peerAbstractName(long.here), own('long-name'));
  t.equal(peerAbstractName(short.here), own('s'));
});

t.test('a name has 107 bytes at most, any bytes, and not one is cut off', async (t) => {
  const longest = own('é\0').padEnd(106, 'x');
  t.equal(Buffer.byteLength(longest), 107);
  t.equal(peerAbstractName(connection(t, longest).here), longest);
  using fd = createUnixSocket();
  t.throws(() => bindAbstractName(fd, `${longest}x`), { code: 'ENAMETOOLONG', syscall: 'bind' });
  t.throws(() => bindAbstractName(fd, ''), { code: 'EINVAL', syscall: 'bind', path: '@' });
});

t.test('a name is in no directory, and free again when its socket is closed', async (t) => {
  const fd = createUnixSocket();
  bindAbstractName(fd, own('free'));
  t.match(readFileSync('/proc/net/unix', 'utf8'), ` @${own('free')}\n`);
  using second = createUnixSocket();
  t.throws(() => bindAbstractName(second, own('free')), {
    code: 'EADDRINUSE',
    path: `@${own('free')}`,
  });
  fd.close();
  bindAbstractName(second, own('free'));
  t.pass('it is free');
});

t.test('a connect under a name that is taken leaves nothing open', async (t) => {
  using fd = createUnixSocket();
  bindAbstractName(fd, own('taken'));
  const before = Fd.open;
  t.throws(() => connectSocket(`${temp(t)}/s`, own('taken')), { code: 'EADDRINUSE' });
  t.equal(Fd.open, before);
});

t.test('what is not connected has no other end', async (t) => {
  using socket = createUnixSocket();
  t.throws(() => peerAbstractName(socket), { code: 'ENOTCONN', syscall: 'getpeername' });
  using eventfd = createEventfd();
  t.throws(() => peerAbstractName(eventfd), { code: 'ENOTSOCK' });
});

t.test('a path that is longer than there is room for is no abstract name', async (t) => {
  // 108 bytes without a NUL, to which the kernel adds one: 111 bytes in all.
  const path = `${temp(t)}/`.padEnd(108, 'x');
  const address = new Uint8Array([1, 0, ...Buffer.from(path)]);
  using listener = createUnixSocket();
  using there = createUnixSocket();
  t.equal(libc.bind(listener.rawFd, addressOf(address.buffer), address.length), 0);
  listenSocket(listener, 1);
  t.equal(libc.connect(there.rawFd, addressOf(address.buffer), address.length), 0);
  t.equal(peerAbstractName(there), undefined);
  t.equal(peerAbstractName(connection(t, own('next')).here), own('next'), 'and the next is whole');
});

t.test('a socket that is not ours is connected to an abstract name', async (t) => {
  using listener = createUnixSocket();
  bindAbstractName(listener, own('listener'));
  listenSocket(listener, 1);
  using fd = createUnixSocket();
  connectAbstractName(fd.rawFd, own('listener'));
  acceptSocket(listener)!.close();
  const nobody = { code: 'ECONNREFUSED', syscall: 'connect', path: `@${own('nobody')}` };
  using second = createUnixSocket();
  t.throws(() => connectAbstractName(second.rawFd, own('nobody')), nobody);
  t.throws(() => connectAbstractName(second.rawFd, ''), { code: 'EINVAL', syscall: 'connect' });
});
