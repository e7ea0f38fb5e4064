// Whether what processes have may be looked at: their descriptors, their mappings, who listens.
//
// Rule 1: the kernel decides, not our user alone: a root without CAP_SYS_PTRACE is refused as any other user is.
// Rule 2: process 1 of the machine does not count: it serves no region, and some machines close it to root as well.
import { existsSync, readlinkSync } from 'node:fs';
import { processIds } from '../process-ids.js';

const INITIAL_PID_NAMESPACE = 'pid:[4026531836]'; // PROC_PID_INIT_INO

/** Whether every process of this machine is seen, and not only those of a container. */
export function seesAllProcesses(): boolean {
  return readlinkSync('/proc/self/ns/pid') === INITIAL_PID_NAMESPACE;
}

/** Whether we are root, see every process of this machine, and are refused none. */
export function mayLookAtAll(): boolean {
  if (process.geteuid?.() !== 0 || !seesAllProcesses()) return false;
  return !processIds().some((pid) => pid !== 1 && isClosed(pid));
}

// Of a program of its own the kernel has none; of a process that goes at this moment it says EACCES, too.
function isClosed(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/exe`);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' && existsSync(`/proc/${pid}`);
  }
}
