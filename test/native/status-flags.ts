// What a descriptor's flags say, and what another holder of it may do to them.
// https://man7.org/linux/man-pages/man2/fcntl.2.html
import { libc } from '../../native/libc.js';

const F_GETFD = 1;
const F_GETFL = 3;
const F_SETFL = 4;
const FD_CLOEXEC = 1;
const O_NONBLOCK = 0o4000;

export function isClosedOnExec(rawFd: number): boolean {
  return (libc.fcntl(rawFd, F_GETFD, 0) & FD_CLOEXEC) !== 0;
}

export function isBlocking(rawFd: number): boolean {
  return (libc.fcntl(rawFd, F_GETFL, 0) & O_NONBLOCK) === 0;
}

/** Clears O_NONBLOCK, for all who hold it. */
export function makeBlocking(rawFd: number): void {
  libc.fcntl(rawFd, F_SETFL, libc.fcntl(rawFd, F_GETFL, 0) & ~O_NONBLOCK);
}
