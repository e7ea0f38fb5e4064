// The socket that peers connect to: claimed, bound, opened to whom it may concern, removed.
//
// Rule 1: the order of the steps in `open` is the safety: lock, then look, then replace. A living
//         server is never connected to (that would be a join), its socket never touched.
// Rule 2: nobody can connect before mode and group are set: until listen(2) every connect fails.
import { chmodSync, chownSync, existsSync, lstatSync, rmSync, type BigIntStats } from 'node:fs';
import path from 'node:path';
import type { Fd } from '../../native/fd.js';
import { errno, SystemError } from '../../native/system-error.js';
import {
  bindSocket,
  connectSocket,
  createUnixSocket,
  listenSocket,
  MAX_BACKLOG,
  MAX_SOCKET_PATH_BYTES,
  shutdownListener,
} from '../../native/unix-socket.js';
import { resolveGroup } from './group.js';
import { ServerError } from './error.js';
import { Failures } from './failures.js';
import { LockFile, type LockedKind } from './lock-file.js';
import type { CheckedOptions } from './options.js';
import { onSocket } from './own-socket.js';

/** A socket, and who may connect to it. */
export type SocketOptions = Pick<CheckedOptions, 'socket' | 'socketMode' | 'socketGroup'>;

/** A listening socket, its path and the lock beside it. */
export class Listener implements Disposable {
  readonly isInherited = false;
  readonly path: string;
  readonly fd: Fd;
  readonly #lock: LockFile;
  // The process may change its directory.
  readonly #absolutePath: string;
  readonly #inode: bigint;
  // Its group where none is asked for.
  readonly #ownGid: number;
  #isShutDown = false;

  private constructor(socketPath: string, fd: Fd, lock: LockFile, { ino, gid }: BigIntStats) {
    this.path = socketPath;
    this.#absolutePath = path.resolve(socketPath);
    this.fd = fd;
    this.#lock = lock;
    this.#inode = ino;
    this.#ownGid = Number(gid);
  }

  /** Claims the path; nothing is bound yet. Throws ServerError ERR_IVSHMEM_SOCKET_IN_USE, SystemError. */
  static claim(path: string, kind?: LockedKind): LockFile {
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
      throw new SystemError(errno.ENAMETOOLONG, 'bind', path);
    }
    // The claim stands beside the socket: let the errors be about the socket all the same.
    const lock = withPath(path, () => LockFile.acquire(path, kind));
    if (lock instanceof LockFile) return lock;
    const holder = lock.holderPid === undefined ? 'another process' : `process ${lock.holderPid}`;
    throw inUse(path, `a living server (${holder}) has ${path}`);
  }

  /** Replaces what a dead server left, binds, sets mode and group, listens. Owns the lock from here on. */
  static open(lock: LockFile, options: SocketOptions): Listener {
    const { socket: path } = options;
    const gid = groupOf(options);
    removeStale(path);
    const fd = createUnixSocket();
    try {
      bindSocket(fd, path);
    } catch (error) {
      fd.close();
      throw error;
    }
    try {
      const made = onSocket(path, undefined, (handle, status) => {
        chownSync(handle, -1, gid ?? Number(status.gid));
        chmodSync(handle, options.socketMode);
        return status;
      });
      listenSocket(fd, MAX_BACKLOG);
      return new Listener(path, fd, lock, made);
    } catch (error) {
      fd.close();
      rmSync(path);
      throw error;
    }
  }

  /**
   * Lets others connect from now on, by mode and group. Throws OptionsError before it changes any,
   * ServerError ERR_IVSHMEM_NOT_A_SOCKET where something else has taken the path, SystemError.
   */
  admit(options: SocketOptions): void {
    const gid = groupOf(options) ?? this.#ownGid;
    onSocket(this.#absolutePath, this.#inode, (handle, status) => {
      if (Number(status.gid) !== gid) chownSync(handle, -1, gid);
      if ((Number(status.mode) & 0o777) !== options.socketMode) {
        chmodSync(handle, options.socketMode);
      }
    });
  }

  /** Makes this user the owner of the socket and its lock. Throws as `admit` does. */
  giveTo(uid: number): void {
    onSocket(this.#absolutePath, this.#inode, (handle) => {
      chownSync(handle, uid, -1);
    });
    this.#lock.giveTo(uid);
  }

  /** From now on connects fail; those that queue can still be accepted. The path goes, if it is still ours. */
  shutDown(): void {
    if (this.#isShutDown) return;
    this.#isShutDown = true;
    shutdownListener(this.fd);
    const named = lstatSync(this.#absolutePath, { bigint: true, throwIfNoEntry: false });
    if (named?.ino === this.#inode) rmSync(this.#absolutePath, { force: true });
  }

  /** Ends it, and gives up the claim; again does nothing. */
  close(): void {
    if (!this.fd.isOpen) return;
    const failures = new Failures();
    failures.attempt(() => this.shutDown());
    failures.attempt(() => this.fd.close());
    failures.attempt(() => this.#lock.close());
    failures.throwFirst();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function groupOf({ socketGroup }: SocketOptions): number | undefined {
  return socketGroup === undefined ? undefined : resolveGroup('socketGroup', socketGroup);
}

function removeStale(path: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isSocket()) {
    throw new ServerError(
      'ERR_IVSHMEM_NOT_A_SOCKET',
      path,
      `${path} exists and is no socket; it is left as it is: give another path, or remove it`,
    );
  }
  if (isServed(path)) throw inUse(path, `some other program serves on ${path}`);
  rmSync(path);
}

// Whoever serves here does not hold our lock: a connect cannot be a join in one of our regions.
function isServed(path: string): boolean {
  try {
    connectSocket(path)?.close();
    return true; // undefined too: a full backlog is somebody's
  } catch (error) {
    if (error instanceof SystemError && error.code === 'ECONNREFUSED') return false;
    throw error;
  }
}

function inUse(path: string, what: string): ServerError {
  return new ServerError(
    'ERR_IVSHMEM_SOCKET_IN_USE',
    path,
    `${what}; give this one another socket, or stop that one`,
  );
}

function withPath<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const { errno, syscall } = error as NodeJS.ErrnoException;
    const { path: failed } = error as NodeJS.ErrnoException;
    const isLocksOwn = failed !== undefined && existsSync(failed);
    if (errno === undefined || syscall === undefined || isLocksOwn) throw error;
    throw new SystemError(-errno, syscall, path);
  }
}
