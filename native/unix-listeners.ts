// UNIX sockets that somebody listens on, as the kernel tells them: nobody is connected to.
// https://man7.org/linux/man-pages/man5/proc_pid_net.5.html
//
// Rule 1: "it is gone" and "we may not look" are values (no sockets), not errors.
import { readFileSync } from 'node:fs';

/** One that listens. */
export interface UnixListener {
  /** As it was bound: relative perhaps, `@…` for an abstract name, empty where it has none. */
  readonly path: string;
  /** The number in the `socket:[…]` that /proc/PID/fd shows. */
  readonly inode: number;
}

const ACCEPTS = '00010000'; // __SO_ACCEPTCON

/** Those in the network namespace of a process; none where it cannot be looked at. */
export function unixListeners(pid: number | 'self'): UnixListener[] {
  return readTable(pid).flatMap((line) => {
    // Num RefCount Protocol Flags Type St Inode Path
    const [, flags, inode, path = ''] =
      /^[0-9a-f]+: \S+ \S+ (\S+) \S+ \S+ +(\d+)(?: (.*))?$/.exec(line) ?? [];
    return flags === ACCEPTS ? [{ path, inode: Number(inode) }] : [];
  });
}

function readTable(pid: number | 'self'): string[] {
  try {
    return readFileSync(`/proc/${pid}/net/unix`, 'utf8').split('\n');
  } catch {
    return [];
  }
}
