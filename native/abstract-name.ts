// Abstract names of UNIX sockets: in no directory, gone with their socket, and seen by whoever the
// socket connects to. https://man7.org/linux/man-pages/man7/unix.7.html
//
// Rule 1: a name is given and told without the NUL that makes it abstract; errors show it as `@name`.
import type { Fd } from './fd.js';
import { libc, staticMemory } from './libc.js';
import { check, errno, SystemError } from './system-error.js';

const AF_UNIX = 1;
const PATH_AT = 2; // sun_path: behind the 2-byte family
const MAX_NAME_BYTES = 107;
const ADDRESS_BYTES = PATH_AT + 1 + MAX_NAME_BYTES; // struct sockaddr_un

const address = staticMemory(ADDRESS_BYTES);
const lengthCell = staticMemory(4);

/** Gives a socket an abstract name, of 1–107 bytes. Throws EADDRINUSE, EINVAL, ENAMETOOLONG. */
export function bindAbstractName(fd: Fd, name: string): void {
  const length = writeAddress(name, 'bind');
  check(libc.bind(fd.rawFd, address.address, length), 'bind', `@${name}`);
}

/**
 * Connects a socket that somebody else owns to the one of this abstract name. Throws ECONNREFUSED (nobody has
 * the name), EPROTOTYPE, EINVAL, ENAMETOOLONG.
 */
export function connectAbstractName(rawFd: number, name: string): void {
  const length = writeAddress(name, 'connect');
  check(libc.connect(rawFd, address.address, length), 'connect', `@${name}`);
}

/**
 * The abstract name of the socket at the other end, which it has had since before it connected or not
 * at all; undefined when it has none, or a path. https://man7.org/linux/man-pages/man2/getpeername.2.html
 */
export function peerAbstractName(fd: Fd): string | undefined {
  lengthCell.view.setUint32(0, ADDRESS_BYTES, true);
  check(libc.getpeername(fd.rawFd, address.address, lengthCell.address), 'getpeername');
  // How long the name is, not how much of it there was room for: a path may be longer, and is cut off.
  const length = lengthCell.view.getUint32(0, true);
  const [nul, ...bytes] = new Uint8Array(address.view.buffer).subarray(PATH_AT, length);
  return nul === 0 ? Buffer.from(bytes).toString() : undefined;
}

// Returns the length; the next call overwrites the address.
function writeAddress(name: string, syscall: string): number {
  const bytes = Buffer.from(name);
  const shown = `@${name}`;
  // With an empty one the kernel would choose a name itself.
  if (bytes.length === 0) throw new SystemError(errno.EINVAL, syscall, shown);
  if (bytes.length > MAX_NAME_BYTES) throw new SystemError(errno.ENAMETOOLONG, syscall, shown);
  address.view.setUint16(0, AF_UNIX, true);
  new Uint8Array(address.view.buffer).fill(0, PATH_AT).set(bytes, PATH_AT + 1);
  return PATH_AT + 1 + bytes.length;
}
