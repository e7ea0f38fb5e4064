// Advisory locks of whole files, held by an open file description.
// https://man7.org/linux/man-pages/man2/flock.2.html
//
// Rule 1: a lock lives as long as its descriptor and dies with the process, even by SIGKILL.
import type { Fd } from './fd.js';
import { libc } from './libc.js';
import { checkReady } from './system-error.js';

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Locks for this descriptor alone; false when another holds it. Never waits. */
export function tryLock(fd: Fd): boolean {
  return checkReady(libc.flock(fd.rawFd, LOCK_EX | LOCK_NB), 'flock') !== undefined;
}
