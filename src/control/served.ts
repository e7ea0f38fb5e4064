// Whether somebody serves at a path, found out without touching it: to connect would be to join, and to try
// the lock would keep a server from its start.
//
// Rule 1: alive is whoever holds the lock beside it, or listens under that path, in whatever network namespace.
//         Neither can be seen of a server outside of our own PID namespace, so a container does not tell.
import { lstatSync, realpathSync, type BigIntStats } from 'node:fs';
import nodePath from 'node:path';
import { isLocked, knownLocks, lockHolders, type KnownLocks } from '../../native/lock.js';
import { allListeners } from './listeners.js';

/** What is at a path and beside it. */
export interface Claim {
  /** What the claim is to; undefined: nothing is there. */
  readonly target: BigIntStats | undefined;
  /** The lock file, if there is one that may be a server's: regular and empty. */
  readonly lock: BigIntStats | undefined;
  /** Whether somebody holds the lock; undefined: that cannot be told. */
  readonly isLocked: boolean | undefined;
  /** Who listens under that path: numbers of sockets (`socket:[…]`). */
  readonly listeners: readonly number[];
  /** Also where it cannot be told: the lock may be that of another file (see isLocked). */
  readonly isServed: boolean;
  /** Who holds the lock without doubt, by process ID. */
  readonly holders: readonly number[];
}

/** Looks at a path, and at `path.lock`. What cannot be seen is not there. */
export function claimTo(path: string): Claim {
  const files = filesAt(path);
  return claimOf(files, knownLocks(), listenersAmong([files])(files));
}

/** The same of each of many paths, by one look at who locks and who listens. */
export function claimsTo(paths: readonly string[]): Map<string, Claim> {
  const found = paths.map(filesAt);
  const locks = knownLocks();
  const listenersAt = listenersAmong(found);
  return new Map(found.map((files) => [files.given, claimOf(files, locks, listenersAt(files))]));
}

interface Files {
  readonly given: string;
  readonly path: string;
  readonly target: BigIntStats | undefined;
  readonly lock: BigIntStats | undefined;
}

function filesAt(given: string): Files {
  const path = realPath(given);
  return { given, path, target: statusOf(path), lock: statusOf(`${path}.lock`) };
}

function claimOf(
  { path, target, lock }: Files,
  locks: KnownLocks,
  listeners: readonly number[],
): Claim {
  const isHeld = lock === undefined ? false : isLocked(lock, locks);
  const isFree = isHeld === false && listeners.length === 0;
  // A server that has begun or ended in between has changed one of them.
  const isSame = statusOf(path)?.ino === target?.ino && statusOf(`${path}.lock`)?.ino === lock?.ino;
  const isLock = lock?.isFile() === true && lock.size === 0n;
  return {
    target,
    lock: isLock ? lock : undefined,
    isLocked: isHeld,
    listeners,
    isServed: !isFree || !isSame,
    holders: lock === undefined ? [] : lockHolders(lock, locks),
  };
}

function statusOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

// A server that was started with another path to the same socket has bound that one. Any user may listen at as many
// as he likes: each is looked at once, and not for each of ours.
function listenersAmong(found: readonly Files[]): (files: Files) => number[] {
  const names = new Set(found.flatMap(({ given, path }) => [given, path].map(nameOf)));
  const bound = new Map<string, Set<number>>();
  for (const { path, inode } of allListeners()) {
    if (!names.has(nameOf(path))) continue;
    for (const key of [path, nodePath.isAbsolute(path) ? realPath(path) : nameOf(path)])
      bound.set(key, (bound.get(key) ?? new Set()).add(inode));
  }
  return ({ given, path }) => {
    const keys = [given, path, nameOf(given), nameOf(path)];
    return [...new Set(keys.flatMap((key) => [...(bound.get(key) ?? [])]))];
  };
}

function nameOf(path: string): string {
  return nodePath.basename(path);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
