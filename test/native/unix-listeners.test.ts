import t from 'tap';
import {
  bindSocket,
  connectSocket,
  createUnixSocket,
  listenSocket,
} from '../../native/unix-socket.js';
import { bindAbstractName } from '../../native/abstract-name.js';
import { unixListeners } from '../../native/unix-listeners.js';
import { statSync } from 'node:fs';
import { temp } from '../helper/temp.js';

t.test('who listens is told by path and by the number of its socket', async (t) => {
  const path = `${temp(t)}/s with spaces`;
  using fd = createUnixSocket();
  bindSocket(fd, path);
  const at = (): ReturnType<typeof unixListeners> =>
    unixListeners('self').filter((listener) => listener.path === path);
  t.strictSame(at(), [], 'bound is not listening');
  listenSocket(fd, 1);
  const { ino } = statSync(`/proc/self/fd/${fd.rawFd}`);
  t.strictSame(at(), [{ path, inode: ino }]);
  using connection = connectSocket(path);
  t.ok(connection);
  t.equal(at().length, 1, 'nor is one that is connected');
  t.strictSame(
    unixListeners(process.pid).filter(({ inode }) => inode === ino),
    at(),
  );
});

t.test('an abstract name begins with @', async (t) => {
  using fd = createUnixSocket();
  const name = `ivshmem-test-${process.pid}`;
  bindAbstractName(fd, name);
  listenSocket(fd, 1);
  t.ok(unixListeners('self').some(({ path }) => path === `@${name}`));
});

t.test('of a process that is gone there are none', async (t) => {
  t.strictSame(unixListeners(2 ** 22 + 1), []);
});
