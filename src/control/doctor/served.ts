// Whether somebody serves at a path, found out without touching it: to connect would be to join, and to try
// the lock would keep a server from its start.
//
// Rule 1: alive is whoever holds the lock beside it, or listens under that path. Neither can be seen of a
//         server in another PID namespace, so a container does not tell.
import { lstatSync, realpathSync, type BigIntStats } from 'node:fs';
import nodePath from 'node:path';
import { lockHolders } from '../../../native/lock.js';
import { unixListeners } from '../../../native/unix-listeners.js';

/** What is at a path and beside it. */
export interface Claim {
  /** What the claim is to; undefined: nothing is there. */
  readonly target: BigIntStats | undefined;
  /** The lock file, if there is one that may be a server's: regular and empty. */
  readonly lock: BigIntStats | undefined;
  readonly isServed: boolean;
}

/** Looks at a path, and at `path.lock`. What cannot be seen is not there. */
export function claimTo(given: string, pid: number | 'self' = 'self'): Claim {
  const path = realPath(given);
  const target = statusOf(path);
  const lock = statusOf(`${path}.lock`);
  const isFree =
    (lock === undefined || lockHolders(lock.ino).length === 0) &&
    !unixListeners(pid).some((listener) => mayBe(listener.path, given, path));
  // A server that has begun or ended in between has changed one of them.
  const isSame = statusOf(path)?.ino === target?.ino && statusOf(`${path}.lock`)?.ino === lock?.ino;
  const isLock = lock?.isFile() === true && lock.size === 0n;
  return { target, lock: isLock ? lock : undefined, isServed: !isFree || !isSame };
}

function statusOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

// A server that was started with another path to the same socket has bound that one.
function mayBe(bound: string, ...paths: readonly string[]): boolean {
  if (paths.includes(bound)) return true;
  const isSameName = paths.some((path) => nodePath.basename(path) === nodePath.basename(bound));
  return isSameName && (!nodePath.isAbsolute(bound) || paths.includes(realPath(bound)));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
