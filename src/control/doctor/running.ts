// Whether a server runs behind a socket. Until somebody connects, a service manager may listen in its place, and to
// connect would have it started: nobody is asked of whom it is not known.
//
// Rule 1: a server that runs is known by the lock beside its socket, or by its process, which has the socket, and
//         memory that only a server makes, or our program.
// Rule 2: of processes that are out of sight, those of whom there is a lock file were servers once. Where nobody
//         is out of sight, and nobody listens, the kernel says no to who connects.
import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { processDescriptors } from '../../../native/process-descriptors.js';
import { readProcFile } from '../../../native/proc-file.js';
import { argvOf } from '../../qemu/command-line.js';
import { holdersOf } from './holders.js';
import { processIds } from '../process-ids.js';
import { OUR_MEMFD } from './qemu-process.js';
import type { Claim } from '../served.js';

const OUR_PROGRAMS = ['ivshmem', 'ivshmem-server'];
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]'; // PROC_PID_INIT_INO

/** Whether every process of this machine is seen, and not only those of a container. */
export function seesAllProcesses(): boolean {
  return readlinkSync('/proc/self/ns/pid') === INITIAL_PID_NAMESPACE;
}

/** Whether a connect there starts nobody. */
export function mayAsk(claim: Claim): boolean {
  if (claim.target === undefined || isRunning(claim)) return true;
  return seesAllProcesses() ? claim.listeners.length === 0 : claim.lock !== undefined;
}

/** Whether a server is seen to run there. */
export function isRunning({ isLocked, listeners }: Claim): boolean {
  if (isLocked === true) return true;
  const sockets = new Set(listeners.map((inode) => `socket:[${inode}]`));
  return sockets.size > 0 && processIds().some((pid) => serves(pid, sockets));
}

/** Who listens there, for people. */
export function listenersOf({ listeners }: Claim): string {
  const pids = holdersOf(...listeners.map((inode) => `socket:[${inode}]`));
  return pids.length === 0 ? 'somebody' : `process ${pids.join(', ')}`;
}

function serves(pid: number, sockets: ReadonlySet<string>): boolean {
  const targets = processDescriptors(pid)?.map(({ target }) => target) ?? [];
  const listens = targets.some((target) => sockets.has(target));
  return listens && (targets.includes(OUR_MEMFD) || isOurProgram(pid));
}

// Of `node /usr/bin/ivshmem serve`: who starts it has these words further on.
function isOurProgram(pid: number): boolean {
  const [, ...words] = argvOf(readProcFile(`/proc/${pid}/cmdline`));
  const script = words.find((word) => !word.startsWith('-')) ?? '';
  return OUR_PROGRAMS.includes(path.basename(script, '.js'));
}
