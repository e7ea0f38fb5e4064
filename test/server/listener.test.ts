import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Fd } from '../../native/fd.js';
import { libc } from '../../native/libc.js';
import {
  acceptSocket,
  bindSocket,
  connectSocket,
  createUnixSocket,
  listenSocket,
} from '../../native/unix-socket.js';
import { Listener } from '../../src/server/listener.js';
import { checkOptions, type ServerOptions } from '../../src/server/options.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';

function open(t: Test, options: ServerOptions): Listener {
  const checked = checkOptions(options);
  const lock = Listener.claim(checked.socket);
  t.teardown(() => {
    lock.close();
  });
  try {
    const listener = Listener.open(lock, checked);
    t.teardown(() => {
      listener.close();
    });
    return listener;
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** A socket that somebody listens on without our lock. */
function serveElsewhere(t: Test, path: string): Fd {
  const fd = createUnixSocket();
  t.teardown(() => {
    fd.close();
  });
  bindSocket(fd, path);
  listenSocket(fd, 1);
  return fd;
}

t.test('the socket that a dead server left is replaced', async (t) => {
  const socket = `${temp(t)}/s`;
  serveElsewhere(t, socket).close();
  t.ok(statSync(socket).isSocket());
  open(t, { socket });
  connectSocket(socket)!.close();
});

t.test('a living server is named, and does not notice', async (t) => {
  const socket = `${temp(t)}/s`;
  const first = open(t, { socket });
  t.throws(() => open(t, { socket }), {
    code: 'ERR_IVSHMEM_SOCKET_IN_USE',
    path: socket,
    message: new RegExp(`process ${process.pid}\\b`),
  });
  t.equal(acceptSocket(first.fd), undefined, 'nobody connected to it');
  connectSocket(socket)!.close();
});

t.test("some other program's socket is left alone", async (t) => {
  const socket = `${temp(t)}/s`;
  serveElsewhere(t, socket);
  t.throws(() => open(t, { socket }), { code: 'ERR_IVSHMEM_SOCKET_IN_USE', path: socket });
  connectSocket(socket)!.close();
});

t.test('a backlog that is full is served, too', async (t) => {
  const socket = `${temp(t)}/s`;
  serveElsewhere(t, socket);
  for (let fd = connectSocket(socket); fd; fd = connectSocket(socket)) {
    const queued = fd;
    t.teardown(() => {
      queued.close();
    });
  }
  t.throws(() => open(t, { socket }), { code: 'ERR_IVSHMEM_SOCKET_IN_USE' });
});

t.test('what is no socket stays as it is', async (t) => {
  const socket = `${temp(t)}/s`;
  writeFileSync(socket, 'a letter');
  t.throws(() => open(t, { socket }), { code: 'ERR_IVSHMEM_NOT_A_SOCKET', path: socket });
  t.equal(readFileSync(socket, 'utf8'), 'a letter');
  rmSync(socket);
  mkdirSync(socket);
  t.throws(() => open(t, { socket }), { code: 'ERR_IVSHMEM_NOT_A_SOCKET' });
  t.ok(statSync(socket).isDirectory());
});

t.test('nobody can connect before the mode is set', async (t) => {
  const socket = `${temp(t)}/s`;
  const { listen } = libc;
  t.teardown(() => (libc.listen = listen));
  const modes: number[] = [];
  libc.listen = (fd, backlog) => {
    modes.push(statSync(socket).mode & 0o777);
    return listen(fd, backlog);
  };
  open(t, { socket, socketMode: 0o624 });
  t.same(modes, [0o624]);
});

t.test('a mode that the umask forbids is set all the same', async (t) => {
  const socket = `${temp(t)}/s`;
  const umask = process.umask(0o777);
  t.teardown(() => process.umask(umask));
  open(t, { socket, socketMode: 0o666 });
  t.equal(statSync(socket).mode & 0o777, 0o666);
});

t.test('the group is set by number or name', need('root'), async (t) => {
  const directory = temp(t);
  open(t, { socket: `${directory}/a`, socketGroup: '65534' });
  t.equal(statSync(`${directory}/a`).gid, 65_534);
  open(t, { socket: `${directory}/b`, socketGroup: 'nogroup' });
  t.equal(statSync(`${directory}/b`).gid, 65_534);
});

t.test('at the end the socket goes, and what somebody put there instead stays', async (t) => {
  const directory = temp(t);
  const first = open(t, { socket: `${directory}/s` });
  first.close();
  first.close();
  t.same(readdirSync(directory), []);

  const second = open(t, { socket: `${directory}/s` });
  rmSync(`${directory}/s`);
  writeFileSync(`${directory}/s`, 'new');
  second.close();
  t.same(readdirSync(directory), ['s']);
});

t.test('shut down, it lets nobody in but those who queue', async (t) => {
  const directory = temp(t);
  const listener = open(t, { socket: `${directory}/s` });
  const queued = connectSocket(`${directory}/s`)!;
  listener.shutDown();
  t.throws(() => connectSocket(`${directory}/s`), { code: 'ENOENT' });
  acceptSocket(listener.fd)!.close();
  queued.close();
});

t.test('errors are about the socket, and leave nothing behind', async (t) => {
  const directory = temp(t);
  const isEmpty = (): boolean => readdirSync(directory).length === 0;
  const fails = (socket: string, code: string, group?: string): void => {
    t.throws(
      () => {
        const checked = checkOptions({ socket, socketGroup: group });
        using lock = Listener.claim(socket);
        Listener.open(lock, checked);
      },
      { code },
    );
    t.ok(isEmpty(), code);
  };
  fails(`${directory}/${'x'.repeat(108 - directory.length)}`, 'ENAMETOOLONG');
  fails(`${directory}/none/s`, 'ENOENT');
  fails(`${directory}/s`, 'ERR_IVSHMEM_OPTION', 'no such group');
  failing(t, 'listen', 'ENOBUFS', { times: 1 });
  fails(`${directory}/s`, 'ENOBUFS');
  const socket = `${directory}/none/s`;
  t.throws(() => Listener.claim(socket), { code: 'ENOENT', path: socket });
  open(t, { socket: `${directory}/${'x'.repeat(106 - directory.length)}` });
});

t.test(
  'a directory that may not be written to is an error with the path',
  need('root'),
  async (t) => {
    const socket = `${temp(t)}/s`;
    process.seteuid!(65_534);
    try {
      t.throws(() => Listener.claim(socket), { code: 'EACCES', path: socket });
    } finally {
      process.seteuid!(0);
    }
  },
);
