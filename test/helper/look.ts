// What the kernel tells of other processes, without touching them.
import { readdirSync, readFileSync } from 'node:fs';

const SO_ACCEPTCON = ' 00010000 ';

/** Whether a process runs; one that has ended and that nobody has waited for does not. */
export function isRunning(pid: number): boolean {
  return !['', 'Z', 'X'].includes(stateOf(pid));
}

/** Whether nothing of a process runs any more: its first thread may end before the others. */
export function hasEnded(pid: number): boolean {
  try {
    return !isRunning(pid) && readdirSync(`/proc/${pid}/task`).length === 1;
  } catch {
    return true; // it has been waited for, too
  }
}

/** Whether a process stands still: a signal that stops it takes its time to arrive. */
export function isStopped(pid: number): boolean {
  return ['T', 't'].includes(stateOf(pid));
}

// One letter; none for a process that is gone. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
function stateOf(pid: number): string {
  try {
    return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '';
  } catch {
    return '';
  }
}

/**
 * Whether somebody accepts connections at the path, which is there a little earlier. To connect
 * would be to join.
 */
export function isListening(socket: string): boolean {
  return socketsAt(socket).some((line) => line.includes(SO_ACCEPTCON));
}

/** Whether somebody is connected to the path, accepted or not. */
export function isConnected(socket: string): boolean {
  return socketsAt(socket).some((line) => !line.includes(SO_ACCEPTCON));
}

function socketsAt(path: string): string[] {
  const lines = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return lines.filter((line) => line.endsWith(` ${path}`));
}
