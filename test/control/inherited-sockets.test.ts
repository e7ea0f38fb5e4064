// What was passed is looked at before it is believed. The environment names this very process, so what is at
// the numbers from 3 on is Node's: real sockets come through a program of their own, see test/cli.
import { openSync } from 'node:fs';
import t, { type Test } from 'tap';
import { bindAbstractName } from '../../native/abstract-name.js';
import { Fd } from '../../native/fd.js';
import { isOpen } from '../../native/inherited-socket.js';
import { libc } from '../../native/libc.js';
import { check } from '../../native/system-error.js';
import {
  acceptSocket,
  bindSocket,
  createUnixSocket,
  listenSocket,
  shutdownListener,
} from '../../native/unix-socket.js';
import { InheritedSockets } from '../../src/control/inherited-sockets.js';
import { temp } from '../helper/temp.js';

const AF_UNIX = 1;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;

const complain = (message: string): Error => new RangeError(message);
const numbered = (rawFd: number): InheritedSockets => new InheritedSockets({}, { rawFd, complain });

function listening(path: string): Fd {
  const fd = new Fd(check(libc.socket(AF_UNIX, SOCK_STREAM, 0), 'socket'));
  bindSocket(fd, path);
  listenSocket(fd, 1);
  return fd;
}

t.test('a socket is known by where it is bound, does not block, and is closed once', async (t) => {
  const path = `${temp(t)}/s`;
  const rawFd = listening(path).disown();
  const sockets = numbered(rawFd);
  t.match(sockets.sockets, [{ name: undefined, path }]);
  t.equal(acceptSocket(sockets.sockets[0]!.fd), undefined);
  sockets.close();
  t.notOk(isOpen(rawFd));
  sockets.close();
});

t.test('standard input may be the socket, and stays open', async (t) => {
  // A number like any other until it is closed.
  const saved = check(libc.fcntl(0, 1030, 10), 'fcntl');
  const fd = listening(`${temp(t)}/s`);
  check(libc.dup3(fd.rawFd, 0, 0), 'dup3');
  fd.close();
  numbered(0).close();
  t.ok(isOpen(0));
  check(libc.dup3(saved, 0, 0), 'dup3');
  libc.close(saved);
});

const faults: Readonly<Record<string, readonly [make: (t: Test) => Fd, says: string]>> = {
  'a file': [() => new Fd(openSync('/dev/null', 'r')), 'no socket'],
  'a socket of the network': [
    () => new Fd(check(libc.socket(AF_INET, SOCK_STREAM, 0), 'socket')),
    'a socket of another family',
  ],
  'a datagram socket': [
    () => new Fd(check(libc.socket(AF_UNIX, SOCK_DGRAM, 0), 'socket')),
    'a socket of another type',
  ],
  'a socket of packets': [
    () => new Fd(check(libc.socket(AF_UNIX, SOCK_SEQPACKET, 0), 'socket')),
    'a socket of another type',
  ],
  'a socket that is bound only': [
    (t) => {
      const fd = createUnixSocket();
      bindSocket(fd, `${temp(t)}/s`);
      return fd;
    },
    'a socket that does not listen',
  ],
  'a socket with an abstract name': [
    () => {
      const fd = createUnixSocket();
      bindAbstractName(fd, `ivshmem-test/${process.pid}/listening`);
      listenSocket(fd, 1);
      return fd;
    },
    'a socket without a path',
  ],
  'a socket that was shut down': [
    (t) => {
      const fd = listening(`${temp(t)}/s`);
      shutdownListener(fd);
      return fd;
    },
    'a socket that somebody has shut down',
  ],
};

for (const [what, [make, says]] of Object.entries(faults)) {
  t.test(`${what} is refused, and left alone`, async (t) => {
    using fd = make(t);
    const { rawFd } = fd;
    const before = Fd.open;
    const message = `descriptor ${rawFd} is ${says}; needed: a UNIX stream socket that listens`;
    t.throws(() => numbered(rawFd), { name: 'RangeError', message });
    t.equal(Fd.open, before);
    t.ok(isOpen(rawFd));
  });
}

t.test('a number that is not open is refused', async (t) => {
  const fd = createUnixSocket();
  const { rawFd } = fd;
  fd.close();
  t.throws(() => numbered(rawFd), { message: `descriptor ${rawFd} is not open` });
});

t.test("what is Node's own is not taken for the service manager's", async (t) => {
  const env = { LISTEN_PID: String(process.pid), LISTEN_FDS: '1', LISTEN_FDNAMES: 'lab' };
  t.throws(() => new InheritedSockets(env), {
    name: 'EnvironmentError',
    message: /^LISTEN_FDS: descriptor 3 is no socket; .* \(it is called 'lab'\)$/,
  });
});
