// Which shared memories have a living server.
//
// Rule 1: a server is whoever has the memory open, listens on some UNIX socket, and is no QEMU. That is
//         true of every ivshmem server, ours or another; a peer that also listens somewhere passes for one,
//         so what is found dead is dead.
// Rule 2: of another user's processes nothing is known, unless we are root, and are refused none (may-look.ts).
// Rule 3: the same memory has other paths elsewhere (a bind mount), and the same name there: of what is called so, the
//         inode decides.
// Rule 4: what a descriptor leads to is told by the kernel; a stat may wait for a stranger's file system.
import { statSync } from 'node:fs';
import path from 'node:path';
import { processDescriptors } from '../../../native/process-descriptors.js';
import { readProcFile } from '../../../native/proc-file.js';
import { argvOf } from '../../qemu/command-line.js';
import { patience } from '../../server/patience.js';
import { allListeners } from '../listeners.js';
import { processIds } from '../process-ids.js';
import { credentialsOf, isQemu, type SharedMemory } from './qemu-process.js';

/** Of these memories, the keys of those that have one. */
export function livingMemories(wanted: readonly SharedMemory[]): Set<string> {
  if (wanted.length === 0) return new Set();
  const listening = new Set(allListeners().map(({ inode }) => `socket:[${inode}]`));
  return new Set(processIds().flatMap((pid) => servedBy(pid, wanted, listening)));
}

/** Whether an ordinary user made a memory himself, and so would see its server, if there were one. */
export function isOwn(memory: SharedMemory): boolean {
  const self = process.geteuid?.();
  return self !== 0 && self === makerOf(memory);
}

function servedBy(
  pid: number,
  wanted: readonly SharedMemory[],
  listening: ReadonlySet<string>,
): string[] {
  const descriptors = processDescriptors(pid) ?? [];
  const names = new Set(wanted.map(({ target }) => path.basename(target)));
  const open = descriptors.filter(({ target }) => names.has(path.basename(target)));
  if (open.length === 0 || isQemu(pid, commandLine(pid))) return [];
  if (!descriptors.some(({ target }) => listening.has(target))) return [];
  return open.flatMap(({ number, target }) => {
    const inode = inodeOf(pid, number);
    return wanted
      .filter((one) => (inode === undefined ? one.target === target : isOf(one, inode)))
      .map(({ key }) => key);
  });
}

function isOf({ key }: SharedMemory, inode: string): boolean {
  return key.endsWith(`:${inode}`);
}

// Undefined before Linux 5.14: whoever has something of that name passes for its server then.
function inodeOf(pid: number, number: number): string | undefined {
  const text = readProcFile(`/proc/${pid}/fdinfo/${number}`) ?? '';
  return /^ino:\s*(\d+)$/m.exec(text)?.[1];
}

// Undefined: not known. We are not root, and so the process is our own.
function makerOf({ pid, target }: SharedMemory): number | undefined {
  if (!/^\/(memfd:|dev\/shm\/)/.test(target)) return undefined;
  const one = processDescriptors(pid)?.find((descriptor) => descriptor.target === target);
  try {
    return one && statSync(`/proc/${pid}/fd/${one.number}`).uid;
  } catch {
    return undefined;
  }
}

function commandLine(pid: number): string[] {
  const uid = credentialsOf(pid)?.uid ?? 0;
  return argvOf(patience.look(uid, () => readProcFile(`/proc/${pid}/cmdline`)));
}
