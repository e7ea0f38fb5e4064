import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import koffi from 'koffi';
import t from 'tap';
import { Fd } from '../../native/fd.js';
import { isLocked, lockHolder, lockHolders, openLockFile, tryLock } from '../../native/lock.js';
import { Child } from '../helper/child.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import { temp, type Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { isClosedOnExec } from './status-flags.js';

/** A process that holds the lock, or waits for it. */
function startLocker(t: Scope, path: string): Child {
  return new Child(t, ['flock', '--no-fork', path, 'sleep', '1000']);
}

t.test('a lock file is made empty, for its owner alone', async (t) => {
  const path = `${temp(t)}/lock`;
  using fd = openLockFile(path);
  const { mode, size } = statSync(path);
  t.equal(mode & 0o7777, 0o600);
  t.equal(size, 0);
  t.ok(isClosedOnExec(fd.rawFd));
});

t.test('a file that is there is opened, and left as it is', async (t) => {
  const path = `${temp(t)}/lock`;
  writeFileSync(path, 'text', { mode: 0o640 });
  using fd = openLockFile(path);
  t.ok(tryLock(fd));
  t.equal(readFileSync(path, 'utf8'), 'text');
  t.equal(statSync(path).mode & 0o7777, 0o640);
});

t.test('no link is followed to a lock file', async (t) => {
  const directory = temp(t);
  const path = `${directory}/lock`;
  symlinkSync(`${directory}/target`, path);
  t.throws(() => openLockFile(path), { code: 'ELOOP' });
  t.throws(() => statSync(`${directory}/target`), { code: 'ENOENT' }, 'nor is one made behind it');
});

t.test('what is no file is no lock file, and a FIFO is not waited for', async (t) => {
  const directory = temp(t);
  execFileSync('mkfifo', [`${directory}/fifo`]);
  mkdirSync(`${directory}/directory`);
  for (const name of ['fifo', 'directory']) {
    const path = `${directory}/${name}`;
    t.throws(() => openLockFile(path), { code: 'EINVAL', syscall: 'flock', path });
  }
});

t.test('a lock file cannot be where there is no directory', async (t) => {
  t.throws(() => openLockFile(`${temp(t)}/no/lock`), { code: 'ENOENT' });
});

t.test("another user's file in a sticky directory can be locked", need('root'), async (t) => {
  const directory = `${temp(t)}/sticky`;
  mkdirSync(directory);
  chmodSync(directory, 0o1777);
  writeFileSync(`${directory}/lock`, '');
  chownSync(`${directory}/lock`, 65_534, 65_534);
  using fd = openLockFile(`${directory}/lock`);
  t.ok(tryLock(fd));
});

t.test('a lock is that of one descriptor alone, until that is closed', async (t) => {
  const path = `${temp(t)}/lock`;
  const first = openLockFile(path);
  using second = openLockFile(path);
  t.ok(tryLock(first));
  t.ok(tryLock(first), 'who has it gets it again');
  t.notOk(tryLock(second));
  first.close();
  t.ok(tryLock(second));
});

t.test('the holder of a lock is the process that took it, not one that waits', async (t) => {
  const path = `${temp(t)}/lock`;
  using fd = openLockFile(path);
  t.equal(lockHolder(fd), undefined);
  const holder = startLocker(t, path);
  await until('the lock is taken', () => lockHolder(fd) !== undefined);
  t.equal(lockHolder(fd), holder.pid);
  const waiting = startLocker(t, path);
  const waits = new RegExp(`-> FLOCK .* ${waiting.pid} `);
  await until('another one waits', () => waits.test(readFileSync('/proc/locks', 'latin1')));
  t.equal(lockHolder(fd), holder.pid);
});

t.test('a lock dies with its process, even by SIGKILL', async (t) => {
  const path = `${temp(t)}/lock`;
  using fd = openLockFile(path);
  const holder = startLocker(t, path);
  await until('the lock is taken', () => lockHolder(fd) !== undefined);
  t.notOk(tryLock(fd));
  holder.kill('SIGKILL');
  await holder.exit;
  t.ok(tryLock(fd));
  t.equal(lockHolder(fd), process.pid);
});

t.test('who holds a lock is seen by stat alone, without touching the file', async (t) => {
  const path = `${temp(t)}/lock`;
  using fd = openLockFile(path);
  const file = statSync(path, { bigint: true });
  t.strictSame(lockHolders(file), []);
  t.ok(tryLock(fd));
  t.strictSame(lockHolders(file), [process.pid]);
});

t.test('a lock on the same inode of another file system is none on this file', async (t) => {
  const path = `${temp(t)}/lock`;
  using fd = openLockFile(path);
  t.ok(tryLock(fd));
  const { ino } = statSync(path, { bigint: true });
  const { dev } = statSync('/proc', { bigint: true });
  t.strictSame([isLocked({ dev, ino }), lockHolders({ dev, ino })], [false, []]);
  t.equal(isLocked({ dev: 0n, ino }), undefined, 'where no file system has that device');
});

t.test(
  'on a file system that has two devices nobody is named by stat, and no lock denied',
  need('root'),
  async (t) => {
    const directory = temp(t);
    const mounts = `cd ${directory}; mkdir a b m; mount -t tmpfs a a; mount -t tmpfs b b; mkdir a/low b/up b/work
      mount -t overlay -o xino=off,lowerdir=a/low,upperdir=b/up,workdir=b/work o m
      exec flock --no-fork m/lock sleep 1000`;
    const holder = new Child(t, ['unshare', '--mount', 'sh', '-ec', mounts]);
    const path = `/proc/${holder.pid}/root${directory}/m/lock`;
    await until(
      'it is locked',
      () => existsSync(path) && isLocked(statSync(path, { bigint: true })) !== false,
    );
    using fd = openLockFile(path);
    const file = statSync(path, { bigint: true });
    t.equal(isLocked(file), undefined);
    t.strictSame(lockHolders(file), []);
    t.equal(lockHolder(fd), holder.pid, 'of one that is known to be locked');
  },
);

t.test('a lock that fails for another reason is told', async (t) => {
  using fd = openLockFile(`${temp(t)}/lock`);
  failing(t, 'flock', 'ENOLCK');
  t.throws(() => tryLock(fd), { code: 'ENOLCK', syscall: 'flock' });
});

t.test('a lock of any kind on a file is seen, and on another one is not', async (t) => {
  const fcntl = koffi.load('libc.so.6').func('int fcntl(int fd, int cmd, ...)');
  const [F_SETLK, F_OFD_SETLK, F_WRLCK] = [6, 37, 1];
  for (const kind of ['flock', F_SETLK, F_OFD_SETLK]) {
    const path = `${temp(t)}/lock`;
    const fd = new Fd(openSync(path, 'w+'));
    const { rawFd } = fd;
    const file = fstatSync(rawFd, { bigint: true });
    t.equal(isLocked(file), false);
    const flock = Buffer.alloc(32); // struct flock: the whole file
    flock.writeInt16LE(F_WRLCK, 0);
    if (kind === 'flock') tryLock(fd);
    else t.equal(fcntl(rawFd, kind, 'void *', flock), 0);
    t.equal(isLocked(file), true, String(kind));
    fd.close();
    t.equal(isLocked(file), false);
  }
});
