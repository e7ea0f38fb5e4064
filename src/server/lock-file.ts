// "In use", as a lock on a file beside the thing that is in use.
//
// Not on the thing itself: peers receive its descriptor and could drop or take the lock.
// The file is removed at the end, under the lock; a crash leaves it behind unlocked, which is free.
import { fchownSync, fstatSync, realpathSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Fd } from '../../native/fd.js';
import { lockHolder, openLockFile, tryLock } from '../../native/lock.js';

/** Someone else's claim. */
export interface LockHeld {
  /** The process that holds it; undefined when the kernel does not show it to us. */
  readonly holderPid: number | undefined;
}

/** A claim to `target`, held until close or death. */
export class LockFile implements Disposable {
  readonly #path: string;
  readonly #fd: Fd;

  private constructor(lockPath: string, fd: Fd) {
    this.#path = lockPath;
    this.#fd = fd;
  }

  /** Claims `target`, whose directory must exist, or says who has it. Throws EACCES, ENOENT, ELOOP. */
  static acquire(target: string): LockFile | LockHeld {
    const directory = realpathSync(path.dirname(target));
    const lockPath = path.join(directory, `${path.basename(target)}.lock`);
    for (;;) {
      const fd = openLockFile(lockPath);
      if (!tryLock(fd)) {
        const holderPid = lockHolder(fd);
        fd.close();
        return { holderPid };
      }
      if (isStillThere(lockPath, fd)) return new LockFile(lockPath, fd);
      // Its owner removed it between our open and our lock: what we hold is nobody's claim.
      fd.close();
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
      // A lock file is empty: what is not was there before us, and is somebody's.
      if (fstatSync(this.#fd.rawFd).size === 0) rmSync(this.#path, { force: true });
    } finally {
      this.#fd.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function isStillThere(lockPath: string, fd: Fd): boolean {
  const named = statSync(lockPath, { throwIfNoEntry: false });
  return named?.ino === fstatSync(fd.rawFd).ino;
}
