// A second descriptor of what another thread of this process has open.
// https://man7.org/linux/man-pages/man2/dup.2.html (dup3)
//
// Rule 1: this is the one place where a bare number stands for a descriptor. The number may have been
//         closed and be another file by now: whoever calls has to find that out afterwards.
// Rule 2: a worker's duplicates end with it, even if it is terminated and runs nothing any more. Node
//         closes then what the worker has opened by `fs.openSync` (and not closed by `fs.closeSync`), so
//         the number comes from there: https://nodejs.org/api/worker_threads.html (trackUnmanagedFds)
import { closeSync, openSync } from 'node:fs';
import { Fd } from './fd.js';
import { libc } from './libc.js';
import { errno, lastErrno, SystemError } from './system-error.js';

const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000; // needs no permission, and reads nothing

/** A descriptor of the caller's own; undefined when nothing is open under this number. Throws EMFILE. */
export function duplicateFd(rawFd: number): Fd | undefined {
  const fd = new Fd(openNumber(), closeSync);
  if (libc.dup3(rawFd, fd.rawFd, O_CLOEXEC) >= 0) return fd;
  const value = lastErrno();
  fd.close();
  // EINVAL: the number was free until our own descriptor got it.
  if (value === errno.EBADF || value === errno.EINVAL) return undefined;
  throw new SystemError(value, 'dup3');
}

function openNumber(): number {
  try {
    return openSync('/', O_PATH);
  } catch (error) {
    const { errno: negative = 0 } = error as NodeJS.ErrnoException;
    throw new SystemError(-negative, 'open', '/');
  }
}
