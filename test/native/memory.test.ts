import { spawnSync } from 'node:child_process';
import {
  fstatSync,
  ftruncateSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import t from 'tap';
import { createEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import {
  addSeals,
  allocateMemory,
  createMemfd,
  createUnnamedFile,
  openFile,
  openShm,
  pageSize,
  readBeginning,
  readSeals,
  resizeMemory,
  seal,
  unlinkShm,
} from '../../native/memory.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import { temp, type Scope } from '../helper/temp.js';
import { withoutRoom } from './no-room.js';
import { unprivileged } from './other-user.js';
import { isClosedOnExec } from './status-flags.js';

const MIB = 1024 ** 2;
const { SEAL, SHRINK, GROW } = seal;

/** The bytes that have room, not those that are promised. */
function allocated(fd: Fd): number {
  return fstatSync(fd.rawFd).blocks * 512;
}

/** A name of this test's own for POSIX memory, free now and at the end. */
function shmName(t: Scope, name: string): string {
  const path = `/ivshmem-test-${process.pid}-${name}`;
  t.teardown(() => {
    try {
      unlinkShm(path);
    } catch {
      // the test has unlinked it
    }
  });
  return path;
}

t.test("a page is the system's", async (t) => {
  const { stdout } = spawnSync('getconf', ['PAGESIZE'], { encoding: 'utf8' });
  t.equal(pageSize(), Number(stdout));
});

t.test('a memfd is empty, named for /proc, unsealed and closed on exec', async (t) => {
  using fd = createMemfd('ivshmem-a');
  t.equal(readlinkSync(`/proc/self/fd/${fd.rawFd}`), '/memfd:ivshmem-a (deleted)');
  t.equal(fstatSync(fd.rawFd).size, 0);
  t.equal(readSeals(fd), 0);
  t.ok(isClosedOnExec(fd.rawFd));
});

t.test('no memory without a descriptor', async (t) => {
  t.throws(() => withoutRoom(() => createMemfd('a')), { code: 'EMFILE', syscall: 'memfd_create' });
  t.throws(() => withoutRoom(() => openShm('/a', 0o600)), { code: 'EMFILE', path: '/a' });
});

t.test('sizes are exact, beyond 4 GiB too', async (t) => {
  using fd = createMemfd('a');
  resizeMemory(fd, 2 ** 40 + 4096);
  t.equal(fstatSync(fd.rawFd).size, 2 ** 40 + 4096);
  t.equal(allocated(fd), 0, 'and take no room');
  t.throws(() => resizeMemory(fd, -1), { code: 'EINVAL', syscall: 'ftruncate' });
});

t.test('an allocation finds room for all, and keeps what is there', async (t) => {
  using fd = createMemfd('a');
  writeSync(fd.rawFd, 'text', 0);
  resizeMemory(fd, 4 * MIB);
  allocateMemory(fd, 0, 4 * MIB);
  t.ok(allocated(fd) >= 4 * MIB);
  const bytes = Buffer.alloc(6);
  readSync(fd.rawFd, bytes, 0, 6, 0);
  t.equal(bytes.toString(), 'text\0\0');
});

t.test('the beginning is a copy, and ends where the object does', async (t) => {
  using fd = createMemfd('a');
  t.same([...readBeginning(fd, 4)], []);
  writeSync(fd.rawFd, 'text', 0);
  const copy = readBeginning(fd, 3);
  writeSync(fd.rawFd, 'TEXT', 0);
  t.equal(Buffer.from(copy).toString(), 'tex');
  t.equal(Buffer.from(readBeginning(fd, 8)).toString(), 'TEXT');
});

t.test('an interrupted allocation goes on in steps, to the last byte', async (t) => {
  using fd = createMemfd('a');
  const fault = failing(t, 'fallocate', 'EINTR', { times: 1 });
  allocateMemory(fd, 0, 5 * MIB);
  t.equal(fault.calls, 1 + 3);
  t.ok(allocated(fd) >= 5 * MIB);
  t.equal(fstatSync(fd.rawFd).size, 5 * MIB);
});

t.test('where there is no room, allocation says so at once', async (t) => {
  const { blocks, bsize } = statfsSync('/dev/shm');
  const { fd } = openShm(shmName(t, 'full'), 0o600);
  t.throws(() => allocateMemory(fd, 0, blocks * bsize + pageSize()), {
    code: 'ENOSPC',
    syscall: 'fallocate',
  });
  fd.close();
});

t.test('what has no pages cannot be allocated', async (t) => {
  using fd = createEventfd();
  t.throws(() => allocateMemory(fd, 0, 4096), { code: 'ENODEV', syscall: 'fallocate' });
});

t.test('sealed memory keeps its size, whoever has it', async (t) => {
  using fd = createMemfd('a');
  resizeMemory(fd, 8192);
  addSeals(fd, SHRINK | GROW | SEAL);
  t.equal(readSeals(fd), 0b111);
  for (const size of [0, 4096, 16_384])
    t.throws(() => resizeMemory(fd, size), { code: 'EPERM', syscall: 'ftruncate' });
  // Through /proc, as a peer could, with a file description of its own.
  t.throws(() => writeFileSync(`/proc/self/fd/${fd.rawFd}`, ''), { code: 'EPERM' });
  t.doesNotThrow(() => writeSync(fd.rawFd, 'text', 0), 'it can be written');
  t.throws(() => addSeals(fd, seal.WRITE), { code: 'EPERM', syscall: 'fcntl' });
});

t.test('only a memfd can be sealed', async (t) => {
  using file = createUnnamedFile(temp(t), 0o600);
  using eventfd = createEventfd();
  for (const fd of [file, eventfd]) {
    // tmpfs knows seals, and has its files sealed against seals.
    t.throws(() => addSeals(fd, SHRINK), { syscall: 'fcntl', code: /^(EINVAL|EPERM)$/ });
  }
  t.throws(() => readSeals(eventfd), { code: 'EINVAL' });
});

t.test('a POSIX object is new once, and adopted as it is from then on', async (t) => {
  const name = shmName(t, 'adopt');
  const first = openShm(name, 0o600);
  t.ok(first.isNew);
  writeSync(first.fd.rawFd, 'text', 0);
  const second = openShm(name, 0o644);
  t.notOk(second.isNew);
  const { ino } = fstatSync(first.fd.rawFd);
  t.match(fstatSync(second.fd.rawFd), { ino, size: 4, mode: 0o100_600 }, 'same size, same mode');
  t.equal(readFileSync(`/dev/shm${name}`, 'utf8'), 'text');
  t.ok(isClosedOnExec(first.fd.rawFd) && isClosedOnExec(second.fd.rawFd));
  first.fd.close();
  second.fd.close();
});

t.test('a name that is unlinked is free, and who has the memory keeps it', async (t) => {
  const name = shmName(t, 'unlink');
  const { fd: kept } = openShm(name, 0o600);
  unlinkShm(name);
  const { fd, isNew } = openShm(name, 0o600);
  t.ok(isNew);
  t.equal(fstatSync(kept.rawFd).nlink, 0);
  kept.close();
  fd.close();
  unlinkShm(name);
  t.throws(() => unlinkShm(name), { code: 'ENOENT', syscall: 'shm_unlink', path: name });
});

t.test('a name that cannot be is told', async (t) => {
  t.throws(() => openShm('/a/b', 0o600), { code: 'EINVAL', syscall: 'shm_open', path: '/a/b' });
});

t.test('a file is new once, and adopted as it is from then on', async (t) => {
  const path = `${temp(t)}/memory`;
  const first = openFile(path, 0o600);
  t.ok(first.isNew);
  t.equal(statSync(path).mode & 0o777, 0o600);
  writeSync(first.fd.rawFd, 'text', 0);
  const second = openFile(path, 0o644);
  t.notOk(second.isNew);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(readFileSync(path, 'utf8'), 'text');
  t.ok(isClosedOnExec(first.fd.rawFd) && isClosedOnExec(second.fd.rawFd));
  first.fd.close();
  second.fd.close();
});

t.test('a file that cannot be opened is told with its path', async (t) => {
  const directory = temp(t);
  const open = (path: string) => () => openFile(path, 0o600);
  t.throws(open(`${directory}/no/file`), { code: 'ENOENT', path: `${directory}/no/file` });
  t.throws(open(directory), { code: 'EISDIR', syscall: 'open', path: directory });
  symlinkSync(`${directory}/nothing`, `${directory}/link`);
  t.throws(open(`${directory}/link`), { code: 'ENOENT' }, 'there, and pointing nowhere');
  writeFileSync(`${directory}/secret`, '', { mode: 0 });
  t.throws(() => unprivileged(open(`${directory}/secret`)), { code: 'EACCES' });
});

t.test('an unnamed file has no name, ever', async (t) => {
  const directory = temp(t);
  using fd = createUnnamedFile(directory, 0o600);
  t.equal(fstatSync(fd.rawFd).nlink, 0);
  t.ok(isClosedOnExec(fd.rawFd));
  resizeMemory(fd, 4096);
  t.throws(() => createUnnamedFile(`${directory}/no`, 0o600), { code: 'ENOENT', syscall: 'open' });
  mkdirSync(`${directory}/empty`);
  t.doesNotThrow(() => createUnnamedFile(`${directory}/empty`, 0o600).close());
});

t.test('another process that holds the memory sees the same bytes', async (t) => {
  using fd = createMemfd('a');
  ftruncateSync(fd.rawFd, 4096);
  const script = 'printf hello >/proc/self/fd/3';
  spawnSync('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit', fd.rawFd] });
  const bytes = Buffer.alloc(5);
  readSync(fd.rawFd, bytes, 0, 5, 0);
  t.equal(bytes.toString(), 'hello');
});

t.test('huge pages: allocated whole, sealed like others', need('hugepages'), async (t) => {
  using fd = createMemfd('a', 2 * MIB);
  t.equal(fstatSync(fd.rawFd).blksize, 2 * MIB);
  resizeMemory(fd, 4 * MIB);
  allocateMemory(fd, 0, 4 * MIB);
  t.equal(allocated(fd), 4 * MIB);
  addSeals(fd, SHRINK | GROW | SEAL);
  t.equal(readSeals(fd), 0b111);
  t.throws(() => resizeMemory(fd, 2 * MIB), { code: 'EPERM' });
});

t.test('a size of huge pages that there is not is told', async (t) => {
  t.throws(() => createMemfd('a', 8192), { code: 'ENODEV', syscall: 'memfd_create' });
});

t.test('more huge pages than there are is told at the allocation', async (t) => {
  using fd = createMemfd('a', 2 * MIB);
  t.throws(() => allocateMemory(fd, 0, 2 ** 44), {
    syscall: 'fallocate',
    code: /^(ENOMEM|ENOSPC)$/,
  });
});
