// A socket that somebody else opened and this process was started with: what it is, and how it is made ours.
// https://man7.org/linux/man-pages/man7/socket.7.html
//
// Rule 1: O_NONBLOCK belongs to the open file description: whoever else has the socket gets it, too.
// Rule 2: "it is not open" and "it is no socket" are values, not errors: a caller may say anything.
import type { Fd } from './fd.js';
import { libc, staticMemory } from './libc.js';
import { check, errno, lastErrno, SystemError } from './system-error.js';

const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const SO_DOMAIN = 39;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const FD_CLOEXEC = 1;
const O_NONBLOCK = 0o4000;
const POLLRDHUP = 0x2000;
const PATH_AT = 2; // sun_path: behind the 2-byte family
const ADDRESS_BYTES = PATH_AT + 108; // struct sockaddr_un

const value = staticMemory(4);
const length = staticMemory(4);
const address = staticMemory(ADDRESS_BYTES + 1); // a path of 108 bytes has no NUL
const pollfd = staticMemory(8);

/** What a socket is. */
export interface SocketKind {
  readonly isUnix: boolean;
  readonly isStream: boolean;
  readonly isListening: boolean;
  /** Somebody has ended its receiving half: nobody can connect any more. */
  readonly isShutDown: boolean;
}

/** Whether a descriptor is open under this number. */
export function isOpen(rawFd: number): boolean {
  return libc.fcntl(rawFd, F_GETFD, 0) >= 0;
}

/** What the socket is; undefined: it is none. */
export function socketKind(fd: Fd): SocketKind | undefined {
  const domain = socketOption(fd, SO_DOMAIN);
  if (domain === undefined) return undefined;
  return {
    isUnix: domain === AF_UNIX,
    isStream: socketOption(fd, SO_TYPE) === SOCK_STREAM,
    isListening: socketOption(fd, SO_ACCEPTCONN) === 1,
    isShutDown: isShutDown(fd),
  };
}

/** The path of a UNIX socket, as it was bound; undefined where it has none, or an abstract name. */
export function boundPath(fd: Fd): string | undefined {
  const bytes = new Uint8Array(address.view.buffer).fill(0);
  length.view.setUint32(0, ADDRESS_BYTES, true);
  check(libc.getsockname(fd.rawFd, address.address, length.address), 'getsockname');
  const path = bytes.subarray(PATH_AT, bytes.indexOf(0, PATH_AT));
  return path.length === 0 ? undefined : Buffer.from(path).toString();
}

/** Closed on exec and non-blocking from now on, whatever it was. https://man7.org/linux/man-pages/man2/fcntl.2.html */
export function makeOurs(fd: Fd): void {
  check(libc.fcntl(fd.rawFd, F_SETFD, FD_CLOEXEC), 'fcntl');
  const flags = check(libc.fcntl(fd.rawFd, F_GETFL, 0), 'fcntl');
  check(libc.fcntl(fd.rawFd, F_SETFL, flags | O_NONBLOCK), 'fcntl');
}

function socketOption(fd: Fd, option: number): number | undefined {
  length.view.setUint32(0, 4, true);
  const { rawFd } = fd;
  if (libc.getsockopt(rawFd, SOL_SOCKET, option, value.address, length.address) === 0)
    return value.view.getInt32(0, true);
  const code = lastErrno();
  if (code === errno.ENOTSOCK) return undefined;
  throw new SystemError(code, 'getsockopt');
}

function isShutDown(fd: Fd): boolean {
  pollfd.view.setInt32(0, fd.rawFd, true);
  pollfd.view.setInt16(4, POLLRDHUP, true);
  check(libc.poll(pollfd.address, 1, 0), 'poll');
  return (pollfd.view.getInt16(6, true) & POLLRDHUP) !== 0;
}
