// What a run of the kit may have left: its names and its processes' marks have its process ID in them.
import { readdirSync, readFileSync } from 'node:fs';
import { isRunning } from '../helper/look.js';

/** Names of memories, and processes, of the kit in this process; without one, of those that have ended. */
export function leftovers(pid?: number): string[] {
  const isOf = (text: string): boolean => {
    const owner = Number(/ivshmem-conformance-(\d+)-\d+/.exec(text)?.[1] ?? NaN);
    return owner === pid || (pid === undefined && owner > 0 && !isRunning(owner));
  };
  const processes = readdirSync('/proc').filter((name) => {
    return /^\d+$/.test(name) && isOf(environmentOf(name)) && isRunning(Number(name));
  });
  return [...readdirSync('/dev/shm').filter(isOf), ...processes.map((name) => `process ${name}`)];
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}
