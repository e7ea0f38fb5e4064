// Lock files: whole-file advisory locks, held by an open file description.
// https://man7.org/linux/man-pages/man2/flock.2.html
//
// Rule 1: a lock lives as long as its descriptor and dies with the process, even by SIGKILL.
// Rule 2: nothing is ever written into a lock file, and no link is followed to one.
import { constants, fstatSync, openSync, readFileSync, type BigIntStats } from 'node:fs';
import { deviceNumber } from './device-number.js';
import { Fd } from './fd.js';
import { libc } from './libc.js';
import { checkReady, errno, SystemError } from './system-error.js';

const LOCK_EX = 2;
const LOCK_NB = 4;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * Opens the file to lock, made with mode 0600 if there is none. Never O_CREAT alone: in /tmp the
 * kernel forbids that on another user's file, even to root (fs.protected_regular). Throws EINVAL for
 * what is no regular file, ELOOP, EACCES, ENOENT.
 */
export function openLockFile(path: string): Fd {
  try {
    return new Fd(openSync(path, O_RDONLY | O_CREAT | O_EXCL, 0o600));
  } catch (error) {
    // In this order: two who start at once both get here.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return openExisting(path);
  }
}

// Anybody may have put anything there: a FIFO must not make us wait, a directory not be a claim.
function openExisting(path: string): Fd {
  const fd = new Fd(openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (fstatSync(fd.rawFd).isFile()) return fd;
  fd.close();
  throw new SystemError(errno.EINVAL, 'flock', path);
}

/** Locks for this descriptor alone; false when another holds it. Never waits. */
export function tryLock(fd: Fd): boolean {
  return checkReady(libc.flock(fd.rawFd, LOCK_EX | LOCK_NB), 'flock') !== undefined;
}

/**
 * The process that locked this file, which is known to be locked; undefined when none is seen (another PID
 * namespace). https://man7.org/linux/man-pages/man5/proc_locks.5.html
 */
export function lockHolder(fd: Fd): number | undefined {
  const file = fstatSync(fd.rawFd, { bigint: true });
  const locks = (knownLocks().get(file.ino) ?? []).filter(
    ({ kind, device }) => kind === 'FLOCK' && (device === file.dev || !isMounted(file.dev)),
  );
  return locks.length === 1 ? locks[0]?.pid : undefined;
}

/** A file, by what stat tells of it. */
export type LockedFile = Pick<BigIntStats, 'dev' | 'ino'>;

/** All that are known to have locked this very file; looked at without taking the lock. */
export function lockHolders({ dev, ino }: LockedFile, known = knownLocks()): number[] {
  return (known.get(ino) ?? []).flatMap(({ kind, pid, device }) =>
    kind === 'FLOCK' && device === dev ? [pid] : [],
  );
}

/** Whether anybody has a lock of any kind on this file; undefined: on it, or on one of the same inode elsewhere. */
export function isLocked({ dev, ino }: LockedFile, known = knownLocks()): boolean | undefined {
  const locks = known.get(ino) ?? [];
  if (locks.some(({ device }) => device === dev)) return true;
  return locks.length === 0 || isMounted(dev) ? false : undefined;
}

/** A lock as the kernel tells of it. */
export interface KnownLock {
  readonly kind: string;
  readonly pid: number;
  /** That of the file system: some (btrfs, overlayfs) tell stat another one. */
  readonly device: bigint;
}

/** By inode, whose numbers repeat from one file system to the next: small ones are everywhere on those in memory. */
export type KnownLocks = ReadonlyMap<bigint, readonly KnownLock[]>;

/** All that there are, of whatever kind. */
export function knownLocks(): KnownLocks {
  const lines = readFileSync('/proc/locks', 'utf8').matchAll(
    /^\d+: ([A-Z]+) .* (-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /gm,
  );
  const locks = new Map<bigint, KnownLock[]>();
  for (const [, kind = '', pid, major, minor, inode = ''] of lines) {
    const device = deviceNumber(BigInt(`0x${major}`), BigInt(`0x${minor}`));
    const its = locks.get(BigInt(inode)) ?? [];
    its.push({ kind, pid: Number(pid), device });
    locks.set(BigInt(inode), its);
  }
  return locks;
}

// Whether a device of stat's is that of a file system itself, and so the one that its locks have.
// https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
function isMounted(dev: bigint): boolean {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').matchAll(/^\d+ \d+ (\d+):(\d+) /gm);
  return [...mounts].some(
    ([, major = '', minor = '']) => deviceNumber(BigInt(major), BigInt(minor)) === dev,
  );
}
