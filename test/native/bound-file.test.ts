import { fstatSync, renameSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { bindAbstractName } from '../../native/abstract-name.js';
import { boundFile } from '../../native/bound-file.js';
import type { Fd } from '../../native/fd.js';
import { bindSocket, createUnixSocket, listenSocket } from '../../native/unix-socket.js';
import { failing } from '../helper/fault.js';
import { temp, type Scope } from '../helper/temp.js';

function numberOf({ rawFd }: Fd): number {
  return fstatSync(rawFd).ino;
}

function listening(t: Scope): { fd: Fd; path: string } {
  const path = `${temp(t)}/s`;
  const fd = createUnixSocket();
  t.teardown(() => fd.close());
  bindSocket(fd, path);
  listenSocket(fd, 1);
  return { fd, path };
}

t.test('a socket is of the file that it was bound to, whatever is at its path', async (t) => {
  const { fd, path } = listening(t);
  const { dev: device, ino } = statSync(path, { bigint: true });
  const own = { device, inode: ino & 0xffffffffn };
  t.strictSame(boundFile(numberOf(fd)), own);
  renameSync(path, `${path}.old`);
  writeFileSync(path, '');
  t.strictSame(boundFile(numberOf(fd)), own);
});

t.test('a socket that has no file, or that is not there, has none', async (t) => {
  using fd = createUnixSocket();
  t.equal(boundFile(numberOf(fd)), undefined, 'it is not bound');
  bindAbstractName(fd, `ivshmem-test-${process.pid}`);
  t.equal(boundFile(numberOf(fd)), undefined, 'its name is abstract');
  t.equal(boundFile(0xffffffff), undefined, 'there is none');
});

t.test('where the kernel does not tell, nothing is known', async (t) => {
  const { fd } = listening(t);
  for (const call of ['socket', 'send', 'recv'] as const) {
    await t.test(call, async (t) => {
      failing(t, call, 'EACCES');
      t.equal(boundFile(numberOf(fd)), undefined);
    });
  }
});
