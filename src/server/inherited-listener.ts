// A socket that peers connect to and that somebody else opened: systemd, a script.
//
// Rule 1: it is borrowed. It is never unlinked, its mode and owner are its opener's business, and it is
//         neither shut down nor closed here: who queues at our end is the next server's.
// Rule 2: the lock beside it is taken where it can be. Where we may not write, who opened the socket sees
//         to it that one server has it, and another one that comes to the path finds it served.
import type { Fd } from '../../native/fd.js';
import { listenSocket, MAX_BACKLOG } from '../../native/unix-socket.js';
import { ServerError } from './error.js';
import { Listener } from './listener.js';
import type { LockedKind, LockFile } from './lock-file.js';

const NOT_OURS = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR'];

// Two doors cannot watch one descriptor.
const served = new WeakMap<Fd, InheritedListener>();

/** A listening socket that stays its owner's, its path and, if it can be had, the lock beside it. */
export class InheritedListener implements Disposable {
  readonly isInherited = true;
  readonly path: string;
  readonly fd: Fd;
  readonly #lock: LockFile | undefined;

  /** Owns the lock from here on. */
  constructor(path: string, fd: Fd, lock: LockFile | undefined) {
    // To who connects, the kernel names as the server who called listen(2) last: `ivshmem reload` signals it.
    listenSocket(fd, MAX_BACKLOG);
    served.set(fd, this);
    this.path = path;
    this.fd = fd;
    this.#lock = lock;
  }

  /** Whether somebody in this process accepts from it. */
  static serves(fd: Fd): boolean {
    return served.has(fd);
  }

  /** Claims the path; undefined where no lock can be made. Throws ServerError ERR_IVSHMEM_SOCKET_IN_USE. */
  static claim(path: string, fd: Fd, kind?: LockedKind): LockFile | undefined {
    if (served.has(fd)) {
      throw new ServerError(
        'ERR_IVSHMEM_SOCKET_IN_USE',
        path,
        `another region of this server has ${path}`,
      );
    }
    return ifAllowed(() => Listener.claim(path, kind));
  }

  /** Who may connect, its opener has decided. */
  admit(): void {
    return;
  }

  /** Makes this user the owner of the lock. Throws SystemError. */
  giveTo(uid: number): void {
    this.#lock?.giveTo(uid);
  }

  /** Connects go on succeeding, and queue. */
  shutDown(): void {
    return;
  }

  /** Gives up the claim; again does nothing. A lock file that is in a directory of another's stays, unlocked. */
  close(): void {
    if (served.get(this.fd) === this) served.delete(this.fd);
    ifAllowed(() => this.#lock?.close());
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

// Does what can be done only where the directory is ours.
function ifAllowed<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (NOT_OURS.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
