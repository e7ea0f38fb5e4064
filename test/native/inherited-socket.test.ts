import { openSync } from 'node:fs';
import t, { type Test } from 'tap';
import { bindAbstractName } from '../../native/abstract-name.js';
import { Fd } from '../../native/fd.js';
import { boundPath, isOpen, makeOurs, socketKind } from '../../native/inherited-socket.js';
import { libc } from '../../native/libc.js';
import { check } from '../../native/system-error.js';
import {
  bindSocket,
  createUnixSocket,
  listenSocket,
  shutdownListener,
} from '../../native/unix-socket.js';
import { failing } from '../helper/fault.js';
import { temp } from '../helper/temp.js';

const AF_UNIX = 1;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const F_GETFD = 1;
const F_GETFL = 3;
const O_NONBLOCK = 0o4000;

/** A socket as another program makes it: blocking, and not closed on exec. */
function plainSocket(t: Test, family = AF_UNIX, type = SOCK_STREAM): Fd {
  const fd = new Fd(check(libc.socket(family, type, 0), 'socket'));
  t.teardown(() => fd.close());
  return fd;
}

t.test('a socket is told by its family, its type and whether it listens', async (t) => {
  const fd = plainSocket(t);
  const kind = { isUnix: true, isStream: true, isListening: false, isShutDown: false };
  t.same(socketKind(fd), kind);
  bindSocket(fd, `${temp(t)}/s`);
  t.same(socketKind(fd), kind);
  listenSocket(fd, 1);
  t.same(socketKind(fd), { ...kind, isListening: true });
  shutdownListener(fd);
  t.same(socketKind(fd), { ...kind, isListening: true, isShutDown: true });
  t.match(socketKind(plainSocket(t, AF_UNIX, SOCK_DGRAM)), { isUnix: true, isStream: false });
  t.match(socketKind(plainSocket(t, AF_INET)), { isUnix: false, isStream: true });
});

t.test('what is no socket is none, and what cannot be asked is an error', async (t) => {
  using file = new Fd(openSync('/dev/null', 'r'));
  t.equal(socketKind(file), undefined);
  failing(t, 'getsockopt', 'ENOBUFS', { times: 1 });
  t.throws(() => socketKind(file), { code: 'ENOBUFS', syscall: 'getsockopt' });
});

t.test('a socket has the path that it was bound to, to the last byte', async (t) => {
  const directory = temp(t);
  for (const path of [`${directory}/é`, `${directory}/`.padEnd(107, 'x')]) {
    const fd = plainSocket(t);
    bindSocket(fd, path);
    t.equal(boundPath(fd), path);
  }
});

t.test('a socket without a name, or with an abstract one, has no path', async (t) => {
  const fd = plainSocket(t);
  t.equal(boundPath(fd), undefined);
  bindAbstractName(fd, `ivshmem-test/${process.pid}/inherited`);
  t.equal(boundPath(fd), undefined);
  using file = new Fd(openSync('/dev/null', 'r'));
  t.throws(() => boundPath(file), { code: 'ENOTSOCK', syscall: 'getsockname' });
});

t.test('what is made ours does not block, and no program that we start gets it', async (t) => {
  const fd = plainSocket(t);
  t.equal(libc.fcntl(fd.rawFd, F_GETFD, 0), 0);
  t.equal(libc.fcntl(fd.rawFd, F_GETFL, 0) & O_NONBLOCK, 0);
  makeOurs(fd);
  t.equal(libc.fcntl(fd.rawFd, F_GETFD, 0), 1);
  t.equal(libc.fcntl(fd.rawFd, F_GETFL, 0) & O_NONBLOCK, O_NONBLOCK);
  failing(t, 'fcntl', 'ENOMEM', { times: 1 });
  t.throws(() => makeOurs(fd), { code: 'ENOMEM', syscall: 'fcntl' });
});

t.test('a number is open until it is closed', async (t) => {
  const fd = createUnixSocket();
  const { rawFd } = fd;
  t.ok(isOpen(rawFd));
  fd.close();
  t.notOk(isOpen(rawFd));
});
