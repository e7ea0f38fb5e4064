// Which shared memories have a living server.
//
// Rule 1: a server is whoever has the memory open, listens on some UNIX socket, and is no QEMU. That is
//         true of every ivshmem server, ours or another; a peer that also listens somewhere passes for one,
//         so what is found dead is dead.
// Rule 2: of another user's processes nothing is known, unless we are root.
import { processDescriptors } from '../../../native/process-descriptors.js';
import { readProcFile } from '../../../native/proc-file.js';
import { unixListeners } from '../../../native/unix-listeners.js';
import { argvOf } from '../../qemu/command-line.js';
import { patience } from '../../server/patience.js';
import {
  credentialsOf,
  isQemu,
  processIds,
  sharedMemory,
  type SharedMemory,
} from './qemu-process.js';

/** Of these memories, the keys of those that have one. */
export function livingMemories(wanted: readonly SharedMemory[]): Set<string> {
  const targets = new Set(wanted.map(({ target }) => target));
  if (targets.size === 0) return new Set();
  return new Set(processIds().flatMap((pid) => servedBy(pid, targets)));
}

/** Whether the server of a memory would have been seen, if there were one. */
export function wouldSeeServer({ uid }: SharedMemory): boolean {
  const self = process.geteuid?.();
  return self === 0 || self === uid;
}

function servedBy(pid: number, targets: ReadonlySet<string>): string[] {
  const descriptors = processDescriptors(pid) ?? [];
  const memories = descriptors.filter(({ target }) => targets.has(target));
  if (memories.length === 0 || isQemu(pid, commandLine(pid))) return [];
  const listening = new Set(unixListeners(pid).map(({ inode }) => `socket:[${inode}]`));
  if (!descriptors.some(({ target }) => listening.has(target))) return [];
  return memories.flatMap(({ number, target }) => sharedMemory(pid, number, target)?.key ?? []);
}

function commandLine(pid: number): string[] {
  const uid = credentialsOf(pid)?.uid ?? 0;
  return argvOf(patience.look(uid, () => readProcFile(`/proc/${pid}/cmdline`)));
}
