// A second descriptor of what another thread of this process has open.
// https://man7.org/linux/man-pages/man2/fcntl.2.html (F_DUPFD_CLOEXEC)
//
// Rule 1: this is the one place where a bare number stands for a descriptor. The number may have been
//         closed and be another file by now: whoever calls has to find that out afterwards.
import { Fd } from './fd.js';
import { libc } from './libc.js';
import { check, errno, lastErrno } from './system-error.js';

const F_DUPFD_CLOEXEC = 1030;

/** A descriptor of the caller's own; undefined when nothing is open under this number. Throws EMFILE. */
export function duplicateFd(rawFd: number): Fd | undefined {
  const duplicate = libc.fcntl(rawFd, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0 && lastErrno() === errno.EBADF) return undefined;
  return new Fd(check(duplicate, 'fcntl'));
}
