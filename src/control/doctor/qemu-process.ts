// A running QEMU, as far as we may look at it: what its command line says, what it has open.
//
// Rule 1: any process may call itself a QEMU and say what it likes. Where we may look at its program, that
//         is asked; where not, it is believed for what it says of itself.
// Rule 2: it is looked at once; a check that needs it fresh looks again.
// Rule 3: what it has open is known by the kernel's lists alone: a stat may wait for a stranger's file system.
import { readlinkSync, type BigIntStats } from 'node:fs';
import path from 'node:path';
import { sharedMappings, type SharedMapping } from '../../../native/process-mappings.js';
import { readProcFile } from '../../../native/proc-file.js';
import { argvOf, isQemuName, nameOnCommandLine, valuesOf } from '../../qemu/command-line.js';
import { ivshmemDevices, memoryPaths, type IvshmemDevice } from '../../qemu/ivshmem-devices.js';
import { patience } from '../../server/patience.js';
import { processIds } from '../process-ids.js';
import { shown } from './finding.js';

/** Who a process is to the file system. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** A memory that is shared with others. */
export interface SharedMemory {
  /** Device and inode: the same object in every process. */
  readonly key: string;
  /** As /proc/PID/fd shows it. */
  readonly target: string;
  /** Who has it. */
  readonly pid: number;
}

/** One QEMU. */
export interface QemuProcess {
  readonly pid: number;
  readonly credentials: Credentials;
  /** For people. */
  readonly subject: string;
  readonly devices: readonly IvshmemDevice[];
  /** Whether it has more options in a file (`-readconfig`), which is not read. */
  readonly hasOptionFile: boolean;
  /** Whether we may look at what it has open; its devices may be hidden with the rest. */
  readonly isOpen: boolean;
  /** Memory of ivshmem that it has: none where it is not open. */
  readonly memories: readonly SharedMemory[];
  /** Whether that is all: of one with very many mappings it is not known. */
  readonly hasAllMemories: boolean;
}

/** All that run, by process ID. */
export function runningQemus(): QemuProcess[] {
  return processIds()
    .flatMap((pid) => look(pid) ?? [])
    .sort((a, b) => a.pid - b.pid);
}

/** Whether a process is a QEMU by its program, or by its own word where that may not be looked at. */
export function isQemu(pid: number, argv: readonly string[]): boolean {
  return isQemuName(programOf(pid) ?? path.basename(argv[0] ?? ''));
}

/** Who a process is; undefined when it is gone. */
export function credentialsOf(pid: number): Credentials | undefined {
  const text = readProcFile(`/proc/${pid}/status`) ?? '';
  const numbers = (field: string): number[] =>
    (new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '').split(/\s+/).map(Number);
  // Real, effective, saved, file system.
  const [, , , uid] = numbers('Uid');
  const [, , , gid] = numbers('Gid');
  if (uid === undefined || gid === undefined) return undefined;
  return { uid, gid, groups: numbers('Groups') };
}

/** Device and inode as one word. */
export function keyOf({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}

function look(pid: number): QemuProcess | undefined {
  const credentials = credentialsOf(pid);
  if (credentials === undefined) return undefined;
  const argv = argvOf(patience.look(credentials.uid, () => readProcFile(`/proc/${pid}/cmdline`)));
  if (!isQemu(pid, argv)) return undefined;
  const devices = ivshmemDevices(argv);
  const name = nameOnCommandLine(argv);
  const seen = patience.look(credentials.uid, () => sharedMappings(pid));
  return {
    pid,
    credentials,
    subject: name === undefined ? `QEMU ${pid}` : `QEMU ${pid} (${shown(name)})`,
    devices,
    hasOptionFile: valuesOf(argv, 'readconfig').length > 0,
    isOpen: seen !== undefined,
    memories: memoriesOf(pid, argv, devices, seen?.mappings ?? []),
    hasAllMemories: seen?.isWhole ?? false,
  };
}

// Undefined: another user's.
function programOf(pid: number): string | undefined {
  try {
    // After an upgrade the file of a running program is "… (deleted)".
    return path.basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ''));
  } catch {
    return undefined;
  }
}

/** Memory of a server that has no name in the file system, as /proc/PID/fd shows it. */
export const OUR_MEMFD = '/memfd:ivshmem (deleted)';

// A server's memfd is known by its name. What has a name in the file system is whatever a QEMU with doorbells
// shares that its own command line does not make.
function memoriesOf(
  pid: number,
  argv: readonly string[],
  devices: readonly IvshmemDevice[],
  mappings: readonly SharedMapping[],
): SharedMemory[] {
  const hasDoorbells = devices.some(({ kind }) => kind === 'doorbell');
  const own = new Set(memoryPaths(argv));
  const memories = mappings
    .filter(({ path: file }) =>
      file.startsWith('/memfd:') ? file === OUR_MEMFD : hasDoorbells && !own.has(file),
    )
    .map(({ path: target, device, inode }) => ({
      key: keyOf({ dev: device, ino: inode }),
      target,
      pid,
    }));
  return [...new Map(memories.map((memory) => [memory.key, memory])).values()];
}
