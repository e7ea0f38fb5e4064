// "In use", as a lock on a file beside the thing that is in use.
//
// Not on the thing itself: peers receive its descriptor and could drop or take the lock.
// The file is removed at the end, under the lock; a crash leaves it behind unlocked, which is free.
//
// Rule 1: its mode says what it is beside, to who must not connect just to find that out: 0400 at a control
//         socket, 0600 at anything else. It is never written into.
import {
  fchmodSync,
  fchownSync,
  fstatSync,
  realpathSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import path from 'node:path';
import type { Fd } from '../../native/fd.js';
import { lockHolder, openLockFile, tryLock } from '../../native/lock.js';

/** Someone else's claim. */
export interface LockHeld {
  /** The process that holds it; undefined when the kernel does not show it to us. */
  readonly holderPid: number | undefined;
}

/** What a lock file is beside. */
export type LockedKind = 'control' | 'other';

const MODES = { control: 0o400, other: 0o600 } as const satisfies Record<LockedKind, number>;

/** A claim to `target`, held until close or death. */
export class LockFile implements Disposable {
  readonly #path: string;
  readonly #fd: Fd;

  private constructor(lockPath: string, fd: Fd) {
    this.#path = lockPath;
    this.#fd = fd;
  }

  /** Claims `target`, whose directory must exist, or says who has it. Throws EACCES, ENOENT, ELOOP, EPERM. */
  static acquire(target: string, kind: LockedKind = 'other'): LockFile | LockHeld {
    const lockPath = lockPathOf(target);
    for (;;) {
      const fd = openLockFile(lockPath);
      if (!tryLock(fd)) {
        const holderPid = lockHolder(fd);
        fd.close();
        return { holderPid };
      }
      if (isStillThere(lockPath, fd)) return new LockFile(lockPath, marked(fd, kind));
      // Its owner removed it between our open and our lock: what we hold is nobody's claim.
      fd.close();
    }
  }

  /** What the file at the path of a lock is beside; undefined: it is none, is not marked, or cannot be seen. */
  static kindOf(target: string): LockedKind | undefined {
    try {
      const status = statSync(lockPathOf(target));
      if (!isOurs(status)) return undefined;
      const mode = status.mode & 0o777;
      return (['control', 'other'] as const).find((kind) => MODES[kind] === mode);
    } catch {
      return undefined;
    }
  }

  /** Makes this user the owner of the file: it may have to remove it where only owners may. */
  giveTo(uid: number): void {
    fchownSync(this.#fd.rawFd, uid, -1);
  }

  /** Gives the claim up and removes the file; again does nothing. */
  close(): void {
    if (!this.#fd.isOpen) return;
    try {
      if (isOurs(fstatSync(this.#fd.rawFd))) rmSync(this.#path, { force: true });
    } finally {
      this.#fd.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function lockPathOf(target: string): string {
  return path.join(realpathSync(path.dirname(target)), `${path.basename(target)}.lock`);
}

// One that another kind of socket had, and whose server crashed, has its mode.
function marked(fd: Fd, kind: LockedKind): Fd {
  try {
    const status = fstatSync(fd.rawFd);
    const isMarked = (status.mode & 0o777) === MODES[kind];
    if (isOurs(status) && !isMarked) fchmodSync(fd.rawFd, MODES[kind]);
  } catch (error) {
    // Another user's file is as good a claim.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return fd;
    fd.close();
    throw error;
  }
  return fd;
}

// A lock file is empty: what is not was there before us, and is somebody's.
function isOurs(status: Stats): boolean {
  return status.isFile() && status.size === 0;
}

function isStillThere(lockPath: string, fd: Fd): boolean {
  const named = statSync(lockPath, { throwIfNoEntry: false });
  return named?.ino === fstatSync(fd.rawFd).ino;
}
