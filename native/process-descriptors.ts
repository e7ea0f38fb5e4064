// What other processes have open, as /proc tells it to their own user and to root.
// https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html, https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html
//
// Rule 1: "we may not look", "it is gone" and "it has nothing" are one value (undefined); a descriptor that was closed while we
//         looked is not there.
// Rule 2: nothing is opened that a descriptor leads to: an open of somebody's FIFO or device may wait, or act.
import { readdirSync, readlinkSync } from 'node:fs';
import { readProcFile } from './proc-file.js';

/** One descriptor of a process. */
export interface ProcessDescriptor {
  readonly number: number;
  /** What it is: a path, `socket:[4711]`, `/memfd:ivshmem (deleted)`, … */
  readonly target: string;
}

/** All descriptors of a process. */
export function processDescriptors(pid: number): ProcessDescriptor[] | undefined {
  const numbers = numbersOf(pid) ?? [];
  const found = numbers.flatMap((number) => {
    const target = targetOf(`/proc/${pid}/fd/${number}`);
    return target === undefined ? [] : [{ number, target }];
  });
  // With CAP_DAC_READ_SEARCH one may list them, and see none.
  return found.length === 0 ? undefined : found;
}

/** The `eventfd-id` of each eventfd that a process has, as `inspectEventfd` tells those of our own. */
export function processEventfds(pid: number): Set<number> | undefined {
  const eventfds = processDescriptors(pid)?.filter(
    ({ target }) => target === 'anon_inode:[eventfd]',
  );
  if (eventfds === undefined) return undefined;
  const ids = eventfds.map(({ number }) => {
    const text = readProcFile(`/proc/${pid}/fdinfo/${number}`);
    return Number(/^eventfd-id:\s*(\d+)$/m.exec(text ?? '')?.[1]);
  });
  return new Set(ids.filter((id) => !Number.isNaN(id)));
}

function numbersOf(pid: number): number[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(Number);
  } catch {
    return undefined;
  }
}

function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
