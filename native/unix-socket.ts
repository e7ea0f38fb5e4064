// UNIX stream sockets, one kernel act per function.
// https://man7.org/linux/man-pages/man7/unix.7.html
//
// Rule 1: every socket is non-blocking and closed on exec.
// Rule 2: "would block" is a value (undefined), not an error.
import { bindAbstractName } from './abstract-name.js';
import { Fd } from './fd.js';
import { libc, NULL, staticMemory } from './libc.js';
import { check, checkReady, errno, lastErrno, SystemError } from './system-error.js';

const AF_UNIX = 1;
const SOCK_STREAM_FLAGS = 1 | 0o4000 | 0o2000000; // SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
const SOCK_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SIOCINQ = 0x541b;
const SIOCOUTQ = 0x5411;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_RD = 0;

/** The longest path a UNIX socket can have, in bytes: sun_path less its final NUL. */
export const MAX_SOCKET_PATH_BYTES = 107;

const scratch = staticMemory(16);
const outgoing = staticMemory(16_384);
const lengthCell = staticMemory(4);
const socketName = staticMemory(2 + MAX_SOCKET_PATH_BYTES + 1); // struct sockaddr_un
socketName.view.setUint16(0, AF_UNIX, true);

/** A stream socket, not bound yet. */
export function createUnixSocket(): Fd {
  return new Fd(check(libc.socket(AF_UNIX, SOCK_STREAM_FLAGS, 0), 'socket'));
}

/** Two sockets, connected to each other. https://man7.org/linux/man-pages/man2/socketpair.2.html */
export function createSocketPair(): [Fd, Fd] {
  check(libc.socketpair(AF_UNIX, SOCK_STREAM_FLAGS, 0, scratch.address), 'socketpair');
  return [new Fd(scratch.view.getInt32(0, true)), new Fd(scratch.view.getInt32(4, true))];
}

/** Names the socket in the file system; connects fail until `listenSocket`. Throws EADDRINUSE, EACCES, ENOENT, ENAMETOOLONG. */
export function bindSocket(fd: Fd, path: string): void {
  check(libc.bind(fd.rawFd, socketName.address, writeAddress(path, 'bind')), 'bind', path);
}

/** More than the kernel allows (net.core.somaxconn) is the kernel's maximum. */
export const MAX_BACKLOG = 65_535;

/** From now on connects succeed and queue, up to `backlog` of them (the kernel caps it at net.core.somaxconn). */
export function listenSocket(fd: Fd, backlog: number): void {
  check(libc.listen(fd.rawFd, backlog), 'listen');
}

/** The next queued connection; undefined when none waits, after a shutdown, too. Throws EMFILE, ENFILE, ENOMEM, ENOBUFS. */
export function acceptSocket(fd: Fd): Fd | undefined {
  const rawFd = checkReady(libc.accept4(fd.rawFd, NULL, NULL, SOCK_NONBLOCK_CLOEXEC), 'accept4');
  return rawFd === undefined ? undefined : new Fd(rawFd);
}

/**
 * A socket connected to the listener at `path`, where it is seen under its own abstract name if it is to
 * have one; undefined when the backlog is full. Throws ECONNREFUSED, ENOENT, EACCES, and as `bindAbstractName`.
 */
export function connectSocket(path: string, ownName?: string): Fd | undefined {
  const length = writeAddress(path, 'connect');
  const fd = createUnixSocket();
  try {
    if (ownName !== undefined) bindAbstractName(fd, ownName);
    const result = libc.connect(fd.rawFd, socketName.address, length);
    if (checkReady(result, 'connect', path) !== undefined) return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
  fd.close();
  return undefined;
}

/** On a listener: new connects fail, those that queue can still be accepted. */
export function shutdownListener(fd: Fd): void {
  check(libc.shutdown(fd.rawFd, SHUT_RD), 'shutdown');
}

/** Who connected, as the kernel saw it at that moment. `pid` is 0 for a process in a PID namespace we cannot see. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** SO_PEERCRED: https://man7.org/linux/man-pages/man7/unix.7.html */
export function peerCredentials(fd: Fd): PeerCredentials {
  lengthCell.view.setUint32(0, 12, true);
  check(
    libc.getsockopt(fd.rawFd, SOL_SOCKET, SO_PEERCRED, scratch.address, lengthCell.address),
    'getsockopt',
  );
  return {
    pid: scratch.view.getInt32(0, true),
    uid: scratch.view.getUint32(4, true),
    gid: scratch.view.getUint32(8, true),
  };
}

/** Kernel memory held by what the other end has not read yet (SIOCOUTQ): messages times a per-message cost. */
export function unreadByPeer(fd: Fd): number {
  check(libc.ioctl(fd.rawFd, SIOCOUTQ, scratch.address), 'ioctl');
  return scratch.view.getInt32(0, true);
}

/** Plain bytes that wait to be read here (SIOCINQ). */
export function unreadHere(fd: Fd): number {
  check(libc.ioctl(fd.rawFd, SIOCINQ, scratch.address), 'ioctl');
  return scratch.view.getInt32(0, true);
}

/** Sends what fits now, 16 KiB at most: how many bytes went, undefined when it would block. Throws EPIPE, ENOBUFS. */
export function sendBytes(fd: Fd, bytes: Uint8Array): number | undefined {
  const part = bytes.subarray(0, outgoing.view.byteLength);
  new Uint8Array(outgoing.view.buffer).set(part);
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  return checkReady(libc.send(fd.rawFd, outgoing.address, part.length, flags), 'send');
}

/**
 * Reads one byte and throws it away: 1 a byte came, 0 the other end closed, undefined nothing there.
 * Descriptors that came with it are closed by the kernel. Throws ECONNRESET.
 */
export function discardByte(fd: Fd): number | undefined {
  return checkReady(libc.recv(fd.rawFd, scratch.address, 1, MSG_DONTWAIT), 'recv');
}

/**
 * Whether the other end will never read again: it closed, or shut its reading half down. Asked by
 * sending nothing. https://man7.org/linux/man-pages/man2/shutdown.2.html
 */
export function isSendShut(fd: Fd): boolean {
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  return libc.send(fd.rawFd, scratch.address, 0, flags) < 0 && lastErrno() === errno.EPIPE;
}

// struct sockaddr_un: a 2-byte family, then the path and its NUL. Returns the length; the next call
// for an address overwrites it.
function writeAddress(path: string, syscall: string): number {
  const bytes = Buffer.from(path);
  if (bytes.length > MAX_SOCKET_PATH_BYTES) {
    throw new SystemError(errno.ENAMETOOLONG, syscall, path);
  }
  // Without a path the kernel would choose an abstract name, with a NUL in it a shorter path.
  if (bytes.length === 0 || bytes.includes(0)) throw new SystemError(errno.EINVAL, syscall, path);
  new Uint8Array(socketName.view.buffer).fill(0, 2).set(bytes, 2);
  return 2 + bytes.length + 1;
}
