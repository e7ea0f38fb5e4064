// Shared memory objects: memfds, POSIX names, files, unnamed files, huge pages; their size, their
// allocation, their seals.
//
// Rule 1: sizes are bytes, exact up to 2^53.
// Rule 2: nothing here decides whether an object may be touched: that is the server's business.
import { constants, readSync } from 'node:fs';
import { Fd } from './fd.js';
import { libc } from './libc.js';
import { check, errno, lastErrno, SystemError } from './system-error.js';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_HUGETLB = 4;
const MFD_HUGE_SHIFT = 26;
const O_CLOEXEC = 0o2000000;
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const { O_CREAT, O_EXCL, O_RDWR } = constants;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const CAREFUL_STEP_BYTES = 2 * 1024 ** 2; // takes less than a millisecond

/** Bytes in a page. https://man7.org/linux/man-pages/man2/getpagesize.2.html */
export function pageSize(): number {
  return libc.getpagesize();
}

/** F_SEAL_…: https://man7.org/linux/man-pages/man2/fcntl.2.html */
export const seal = { SEAL: 1, SHRINK: 2, GROW: 4, WRITE: 8 } as const;

/**
 * Anonymous memory with a name for /proc only, sealable; on huge pages of `hugePageBytes` if given.
 * https://man7.org/linux/man-pages/man2/memfd_create.2.html
 */
export function createMemfd(name: string, hugePageBytes?: number): Fd {
  const huge =
    hugePageBytes === undefined ? 0 : MFD_HUGETLB | (Math.log2(hugePageBytes) << MFD_HUGE_SHIFT);
  return new Fd(
    check(libc.memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | huge), 'memfd_create'),
  );
}

/** The descriptor, and whether the object is new: with O_EXCL nobody's object is mistaken for a new one. */
export interface OpenedMemory {
  readonly fd: Fd;
  readonly isNew: boolean;
}

/**
 * The POSIX shared memory object `name`, created with `mode` if there is none.
 * https://man7.org/linux/man-pages/man3/shm_open.3.html
 */
export function openShm(name: string, mode: number): OpenedMemory {
  return openOrCreate(name, 'shm_open', (flags) => libc.shm_open(name, flags, mode));
}

/** Removes the name; who has the memory keeps it. */
export function unlinkShm(name: string): void {
  check(libc.shm_unlink(name), 'shm_unlink', name);
}

/** The file at `path`, created with `mode` if there is none. https://man7.org/linux/man-pages/man2/open.2.html */
export function openFile(path: string, mode: number): OpenedMemory {
  return openOrCreate(path, 'open', (flags) => libc.open(path, flags | O_CLOEXEC, mode));
}

/** A file without a name in `directory`, gone with its last descriptor (O_TMPFILE; tmpfs, hugetlbfs, ext4, xfs, btrfs). */
export function createUnnamedFile(directory: string, mode: number): Fd {
  const flags = O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC;
  return new Fd(check(libc.open(directory, flags, mode), 'open', directory));
}

/** Sets the size. https://man7.org/linux/man-pages/man2/ftruncate.2.html */
export function resizeMemory(fd: Fd, sizeBytes: number): void {
  check(libc.ftruncate(fd.rawFd, sizeBytes), 'ftruncate');
}

/**
 * Has the kernel find room now for every page from one byte to before another; what is there stays. Throws
 * ENOSPC, ENOMEM, and EOPNOTSUPP where the file system cannot.
 * https://man7.org/linux/man-pages/man2/fallocate.2.html
 */
export function allocateMemory(fd: Fd, from: number, to: number): void {
  let step = to - from;
  let offset = from;
  while (offset < to) {
    const length = Math.min(step, to - offset);
    if (libc.fallocate(fd.rawFd, 0, offset, length) === 0) {
      offset += length;
      continue;
    }
    const value = lastErrno();
    if (value !== errno.EINTR) throw new SystemError(value, 'fallocate');
    // Interrupted, tmpfs gives back what it had found (until Linux took to finishing the call): under
    // a profiler's timer the whole would never get done. Steps do.
    step = CAREFUL_STEP_BYTES;
  }
}

/**
 * A copy of the first bytes, fewer where the object ends. Unlike a mapping, nobody who truncates the
 * object can kill who reads. https://man7.org/linux/man-pages/man2/pread.2.html
 */
export function readBeginning(fd: Fd, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readSync(fd.rawFd, bytes, 0, length, 0));
}

/** Adds seals to a memfd: bits of `seal`. Throws EINVAL for what is no memfd, EPERM when sealed against it. */
export function addSeals(fd: Fd, seals: number): void {
  check(libc.fcntl(fd.rawFd, F_ADD_SEALS, seals), 'fcntl');
}

/** The seals of a memfd: bits of `seal`. */
export function readSeals(fd: Fd): number {
  return check(libc.fcntl(fd.rawFd, F_GET_SEALS, 0), 'fcntl');
}

function openOrCreate(
  path: string,
  syscall: string,
  open: (flags: number) => number,
): OpenedMemory {
  const created = open(O_RDWR | O_CREAT | O_EXCL);
  if (created >= 0) return { fd: new Fd(created), isNew: true };
  const value = lastErrno();
  if (value !== errno.EEXIST) throw new SystemError(value, syscall, path);
  return { fd: new Fd(check(open(O_RDWR), syscall, path)), isNew: false };
}
