// The memory of a region: made, or taken over as it is.
//
// Rule 1: all of it is allocated at the start: a full disk is an error here, not a SIGBUS in a guest.
// Rule 2: what a failed start made, it removes.
import { statSync } from 'node:fs';
import type { Fd } from '../../native/fd.js';
import { addSeals, createMemfd, createUnnamedFile, seal } from '../../native/memory.js';
import { openNamedFile, openNamedShm } from './named-memory.js';
import type { CheckedOptions } from './options.js';
import { checkHugePages, prepareMemory, setOwner } from './prepare-memory.js';
import { checkRoom, roomInDirectory, roomInHugePages, roomInMemory } from './room.js';
import { formatSize } from './size.js';

/** The memory, open, and what holds it. */
export interface RegionMemory {
  readonly fd: Fd;
  readonly kind: 'memfd' | 'shm' | 'file' | 'unnamed file';
  readonly sizeBytes: number;
  /** Where another process can open it; through /proc for what has no name. */
  readonly path: string;
  /** Whether it was there before and was taken over as it is. */
  readonly isAdopted: boolean;
  /** Makes this user the owner of a name that was made for it, and of the claim to it. */
  giveTo(uid: number): void;
  /** Removes the name. Who has the memory keeps it. */
  unlink(): void;
  /** Gives up the claim to the name and closes the descriptor. */
  close(): void;
}

/** Opens the memory that the options ask for. Rejects with ServerError, SystemError, OptionsError. */
export async function openRegionMemory(options: CheckedOptions): Promise<RegionMemory> {
  if (options.shmName !== undefined) return openNamedShm(options.shmName, options);
  if (options.memPath === undefined) return openMemfd(options);
  return statSync(options.memPath, { throwIfNoEntry: false })?.isDirectory() === true
    ? openUnnamedFile(options.memPath, options)
    : openNamedFile(options.memPath, options);
}

async function openMemfd(options: CheckedOptions): Promise<RegionMemory> {
  const { size, hugePageBytes } = options;
  const room = hugePageBytes === undefined ? roomInMemory() : roomInHugePages(hugePageBytes);
  const where =
    hugePageBytes === undefined ? 'memory' : `huge pages of ${formatSize(hugePageBytes)}`;
  checkRoom(size, room, where);
  const fd = createMemfd('ivshmem', hugePageBytes);
  await prepareMemory(fd, options, where, () => {
    addSeals(fd, seal.SHRINK | seal.GROW | seal.SEAL);
  });
  return nameless('memfd', fd, size);
}

async function openUnnamedFile(directory: string, options: CheckedOptions): Promise<RegionMemory> {
  checkHugePages(directory, options.size);
  checkRoom(options.size, roomInDirectory(directory), directory);
  const fd = createUnnamedFile(directory, 0o600);
  await prepareMemory(fd, options, directory, () => {
    setOwner(fd, options);
  });
  return nameless('unnamed file', fd, options.size);
}

function nameless(kind: 'memfd' | 'unnamed file', fd: Fd, sizeBytes: number): RegionMemory {
  return {
    fd,
    kind,
    sizeBytes,
    path: `/proc/${process.pid}/fd/${fd.rawFd}`,
    isAdopted: false,
    giveTo: () => undefined,
    unlink: () => undefined,
    close: () => {
      fd.close();
    },
  };
}
