// Whether a server runs behind a socket. Until somebody connects, a service manager may listen in its place, and to
// connect would have it started: nobody is asked of whom it is not known.
//
// Rule 1: a server that runs is known by the lock beside its socket, or by its process, which has the socket, and
//         memory that only a server makes, or our program.
// Rule 2: of processes that are out of sight, those of whom there is a lock file were servers once. Where nobody
//         is out of sight, and nobody listens, the kernel says no to who connects.
import path from 'node:path';
import { readProcFile } from '../../../native/proc-file.js';
import { argvOf } from '../../qemu/command-line.js';
import type { Holders } from './holders.js';
import { seesAllProcesses } from './may-look.js';
import { OUR_MEMFD } from './qemu-process.js';
import type { Claim } from '../served.js';

const OUR_PROGRAMS = ['ivshmem', 'ivshmem-server'];

/** Whether a connect there starts nobody. */
export function mayAsk(claim: Claim, holders: Holders): boolean {
  if (claim.target === undefined || isRunning(claim, holders)) return true;
  return seesAllProcesses() ? claim.listeners.length === 0 : claim.lock !== undefined;
}

/** Whether a server is seen to run there. */
export function isRunning({ isLocked, listeners }: Claim, holders: Holders): boolean {
  if (isLocked === true) return true;
  if (listeners.length === 0) return false;
  const makers = new Set(holders.having(OUR_MEMFD));
  return holders
    .having(...socketsOf(listeners))
    .some((pid) => makers.has(pid) || isOurProgram(pid));
}

/** Who listens there, for people. */
export function listenersOf({ listeners }: Claim, holders: Holders): string {
  const pids = holders.having(...socketsOf(listeners));
  return pids.length === 0 ? 'somebody' : `process ${pids.join(', ')}`;
}

function socketsOf(listeners: Claim['listeners']): string[] {
  return listeners.map((inode) => `socket:[${inode}]`);
}

// Of `node /usr/bin/ivshmem serve`: who starts it has these words further on.
function isOurProgram(pid: number): boolean {
  const [, ...words] = argvOf(readProcFile(`/proc/${pid}/cmdline`));
  const script = words.find((word) => !word.startsWith('-')) ?? '';
  return OUR_PROGRAMS.includes(path.basename(script, '.js'));
}
