// Doorbells: eventfds, made, rung, drained and looked at.
// https://man7.org/linux/man-pages/man2/eventfd.2.html
//
// Rule 1: nothing here blocks for longer than the watchdog lets it, whatever another holder did to the
//         descriptor. All holders share one O_NONBLOCK flag: who clears it turns everybody's plain read
//         and write into a trap.
import { readFileSync, readlinkSync } from 'node:fs';
import { Fd } from './fd.js';
import { libc, staticMemory } from './libc.js';
import { check, checkReady, errno, lastErrno, SystemError } from './system-error.js';
import { guard } from './watchdog.js';

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;
const RWF_NOWAIT = 8;
const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = EFD_NONBLOCK;

const counter = staticMemory(8);
const iovec = staticMemory(16);
iovec.view.setBigUint64(0, counter.address, true);
iovec.view.setBigUint64(8, 8n, true);
// Below 2^53, as all addresses are; koffi takes a number faster than a bigint, by 30 of 625 ns.
const iovecAddress = Number(iovec.address);

/** A new eventfd, count 0, non-blocking, closed on exec. Throws SystemError (EMFILE, ENFILE, ENOMEM). */
export function createEventfd(): Fd {
  return new Fd(check(libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), 'eventfd'));
}

/**
 * Adds `times` (1–2^53) to the count and wakes whoever waits. False when it would block: the count is
 * full. Where another holder made the doorbell blocking, that takes 10 ms, and it is made non-blocking
 * again, for all its holders. Throws SystemError EAGAIN (timer_create) where the watchdog has no timer.
 */
export function ringEventfd(fd: Fd, times = 1): boolean {
  const { rawFd } = fd;
  // To look at the flag first would not do: a hostile holder clears it between look and write.
  guard();
  if (libc.eventfd_write(rawFd, times) === 0) return true;
  const value = lastErrno();
  if (value === errno.EINTR) unblock(rawFd);
  else if (value !== errno.EAGAIN) throw new SystemError(value, 'write');
  return false;
}

function unblock(rawFd: number): void {
  const flags = check(libc.fcntl(rawFd, F_GETFL, 0), 'fcntl');
  check(libc.fcntl(rawFd, F_SETFL, flags | O_NONBLOCK), 'fcntl');
}

/**
 * Takes the count and sets it to 0: how many rings were merged. 0 when nobody rang.
 * https://man7.org/linux/man-pages/man2/preadv2.2.html (RWF_NOWAIT)
 */
export function drainEventfd(fd: Fd): bigint {
  const length = checkReady(libc.preadv2(fd.rawFd, iovecAddress, 1, -1, RWF_NOWAIT), 'preadv2');
  return length === undefined ? 0n : counter.view.getBigUint64(0, true);
}

/** Whether the descriptor is an eventfd at all: one that is not may abort a process that watches it. */
export function isEventfd(fd: Fd): boolean {
  return readlinkSync(`/proc/self/fd/${fd.rawFd}`) === 'anon_inode:[eventfd]';
}

/** What the kernel tells of an eventfd without touching it. */
export interface EventfdState {
  /** Rings that wait. */
  readonly count: bigint;
  /** The same number in every process that holds this eventfd. */
  readonly id: number;
}

/**
 * Rings waiting and identity, read without consuming. Throws for what is no eventfd (EINVAL).
 * https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html
 */
export function inspectEventfd(fd: Fd): EventfdState {
  const text = readFileSync(`/proc/self/fdinfo/${fd.rawFd}`, 'utf8');
  const count = /^eventfd-count:\s*([0-9a-f]+)$/m.exec(text)?.[1];
  const id = /^eventfd-id:\s*(\d+)$/m.exec(text)?.[1];
  if (count === undefined || id === undefined) {
    throw Object.assign(new Error('the descriptor is no eventfd'), { code: 'EINVAL' });
  }
  return { count: BigInt(`0x${count}`), id: Number(id) };
}
