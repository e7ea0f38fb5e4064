// Processes that a check has started, and what those have started in turn: daemons.
//
// Rule 1: they are found by a mark in their environment that is the check's alone, never by a name.
import { readdirSync, readFileSync } from 'node:fs';
import { isRunning } from '../test/helper/look.js';

const NAME = 'IVSHMEM_CONFORMANCE';

/** An environment with the mark in it. */
export function marked(env: NodeJS.ProcessEnv, mark: string): NodeJS.ProcessEnv {
  return { ...env, [NAME]: mark };
}

/** Whether a process runs and has the mark. */
export function hasMark(pid: number, mark: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return environment.includes(`${NAME}=${mark}`) && isRunning(pid);
  } catch {
    return false;
  }
}

/** Kills all that have the mark; they may take a moment to go. Whether there was any. */
export function killMarked(mark: string): boolean {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const strays = pids.map(Number).filter((pid) => hasMark(pid, mark));
  for (const pid of strays) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ESRCH: it has just ended.
    }
  }
  return strays.length > 0;
}
