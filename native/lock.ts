// Lock files: whole-file advisory locks, held by an open file description.
// https://man7.org/linux/man-pages/man2/flock.2.html
//
// Rule 1: a lock lives as long as its descriptor and dies with the process, even by SIGKILL.
// Rule 2: nothing is ever written into a lock file, and no link is followed to one.
import { constants, fstatSync, openSync, readFileSync } from 'node:fs';
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
 * The process that locked this file; undefined when none is seen (another PID namespace).
 * https://man7.org/linux/man-pages/man5/proc_locks.5.html
 */
export function lockHolder(fd: Fd): number | undefined {
  const pids = lockHolders(fstatSync(fd.rawFd, { bigint: true }).ino);
  // Inode numbers repeat from one file system to the next, and the device's there is not always stat's.
  return pids.length === 1 ? pids[0] : undefined;
}

/** All that locked a file with this inode, in whatever file system; looked at without taking the lock. */
export function lockHolders(inode: bigint): number[] {
  const line = new RegExp(`^\\d+: FLOCK .* (\\d+) [0-9a-f]+:[0-9a-f]+:${inode} `, 'gm');
  return [...readFileSync('/proc/locks', 'utf8').matchAll(line)].map(([, pid]) => Number(pid));
}

/** Whether anybody has a lock of any kind on a file with this inode, in whatever file system. */
export function isLocked(inode: bigint): boolean {
  const line = new RegExp(`^\\d+: [A-Z].* [0-9a-f]+:[0-9a-f]+:${inode} `, 'm');
  return line.test(readFileSync('/proc/locks', 'utf8'));
}
