// How many descriptors a process may have, and how many it has.
//
// Rule 1: "we may not look" and "it is gone" are values (undefined), not errors.
import { readdirSync, statSync } from 'node:fs';
import { libc, NULL, staticMemory } from './libc.js';
import { check, errno, lastErrno, SystemError } from './system-error.js';

const RLIMIT_NOFILE = 7;
const F_DUPFD_CLOEXEC = 1030;
const STDIN = 0; // Node sees to it that there is one
const limit = staticMemory(16); // struct rlimit: soft, hard; neither is ever above fs.nr_open

/** RLIMIT_NOFILE of a process. */
export interface DescriptorLimits {
  /** What is in force. */
  readonly soft: number;
  /** To what the process, and its user, may raise it. */
  readonly hard: number;
}

/**
 * The limits of a process; undefined when we may not look (another user's) or it is gone.
 * https://man7.org/linux/man-pages/man2/prlimit.2.html
 */
export function descriptorLimits(pid: number): DescriptorLimits | undefined {
  // 0 is how SO_PEERCRED names a process of another PID namespace; to prlimit it would be ourselves.
  if (pid === 0) return undefined;
  if (libc.prlimit(pid, RLIMIT_NOFILE, NULL, limit.address) < 0) {
    const value = lastErrno();
    if (value === errno.EPERM || value === errno.ESRCH) return undefined;
    throw new SystemError(value, 'prlimit');
  }
  return {
    soft: Number(limit.view.getBigUint64(0, true)),
    hard: Number(limit.view.getBigUint64(8, true)),
  };
}

/** The soft one of them. */
export function descriptorLimit(pid: number): number | undefined {
  return descriptorLimits(pid)?.soft;
}

/** The limit in force for this process: the soft one, which Node raises to the hard one at its start. */
export function ownDescriptorLimit(): number {
  check(libc.prlimit(0, RLIMIT_NOFILE, NULL, limit.address), 'prlimit');
  return Number(limit.view.getBigUint64(0, true));
}

/**
 * Makes the kernel's table of our descriptors big enough for all numbers below `count`. It grows by
 * doubling otherwise, and each time the process, which has threads, waits for all processors to look up
 * (synchronize_rcu): 5–30 ms. Throws EMFILE and EINVAL where the limit is below.
 */
export function growDescriptorTable(count: number): void {
  const highest = libc.fcntl(STDIN, F_DUPFD_CLOEXEC, count - 1);
  libc.close(check(highest, 'fcntl'));
}

/**
 * How many descriptors a process has open; undefined when it is gone. Since Linux 6.2 the size of
 * /proc/PID/fd is the count, for everybody to see; before, the directory has to be listed, which only
 * its user may (undefined).
 * https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html
 */
export function descriptorCount(pid: number | 'self'): number | undefined {
  const directory = `/proc/${pid}/fd`;
  try {
    return statSync(directory).size || readdirSync(directory).length;
  } catch {
    return undefined;
  }
}
