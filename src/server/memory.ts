// The memory of a region: made, or taken over as it is.
//
// Rule 1: an object that exists is never resized and never emptied, whoever made it: VMs of a dead
//         server may be living on it. It is adopted at equal size, or refused.
// Rule 2: all of it is allocated at the start: a full disk is an error here, not a SIGBUS in a guest.
// Rule 3: what a failed start made, it removes.
import { fchmodSync, fchownSync, fstatSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { Fd } from '../../native/fd.js';
import {
  addSeals,
  allocateMemory,
  createMemfd,
  createUnnamedFile,
  openFile,
  openShm,
  resizeMemory,
  seal,
  unlinkShm,
  type OpenedMemory,
} from '../../native/memory.js';
import { resolveGroup } from './group.js';
import { OptionsError, ServerError } from './error.js';
import { LockFile } from './lock-file.js';
import type { CheckedOptions } from './options.js';
import { hugePageBytesOf, roomInDirectory, roomInHugePages, roomInMemory } from './room.js';
import { formatSize, isValidSize, nearestSizes } from './size.js';

const SHM_DIRECTORY = '/dev/shm';

/** The memory, open, and what holds it. */
export interface RegionMemory {
  readonly fd: Fd;
  readonly kind: 'memfd' | 'shm' | 'file' | 'unnamed file';
  readonly sizeBytes: number;
  /** Where another process can open it; through /proc for what has no name. */
  readonly path: string;
  /** Whether it was there before and was taken over as it is. */
  readonly isAdopted: boolean;
  /** Removes the name. Who has the memory keeps it. */
  unlink(): void;
  /** Gives up the claim to the name and closes the descriptor. */
  close(): void;
}

/** Opens the memory that the options ask for. Throws ServerError, SystemError, OptionsError. */
export function openRegionMemory(options: CheckedOptions): RegionMemory {
  if (options.shmName !== undefined) return openNamedShm(options.shmName, options);
  if (options.memPath === undefined) return openMemfd(options);
  return statSync(options.memPath, { throwIfNoEntry: false })?.isDirectory() === true
    ? openUnnamedFile(options.memPath, options)
    : openNamedFile(options.memPath, options);
}

function openMemfd({ size, hugePageBytes }: CheckedOptions): RegionMemory {
  const room = hugePageBytes === undefined ? roomInMemory() : roomInHugePages(hugePageBytes);
  const where =
    hugePageBytes === undefined ? 'memory' : `huge pages of ${formatSize(hugePageBytes)}`;
  checkRoom(size, room, where);
  const fd = createMemfd('ivshmem', hugePageBytes);
  prepare(fd, size, where, () => {
    addSeals(fd, seal.SHRINK | seal.GROW | seal.SEAL);
  });
  return nameless('memfd', fd, size);
}

function openUnnamedFile(directory: string, options: CheckedOptions): RegionMemory {
  checkHugePages(directory, options.size);
  checkRoom(options.size, roomInDirectory(directory), directory);
  const fd = createUnnamedFile(directory, options.memMode);
  prepare(fd, options.size, directory, () => {
    setOwner(fd, options);
  });
  return nameless('unnamed file', fd, options.size);
}

function openNamedShm(shmName: string, options: CheckedOptions): RegionMemory {
  const name = `/${shmName.replace(/^\//, '')}`;
  return openNamed({
    kind: 'shm',
    path: path.join(SHM_DIRECTORY, name),
    options,
    open: () => openShm(name, 0o600),
    unlink: () => {
      unlinkShm(name);
    },
  });
}

function openNamedFile(file: string, options: CheckedOptions): RegionMemory {
  checkHugePages(path.dirname(file), options.size);
  return openNamed({
    kind: 'file',
    path: path.resolve(file),
    options,
    open: () => openFile(file, 0o600),
    unlink: () => {
      rmSync(file, { force: true });
    },
  });
}

interface Named {
  readonly kind: 'shm' | 'file';
  readonly path: string;
  readonly options: CheckedOptions;
  readonly open: () => OpenedMemory;
  readonly unlink: () => void;
}

function openNamed({ kind, path: file, options, open, unlink }: Named): RegionMemory {
  const lock = LockFile.acquire(file);
  if (!(lock instanceof LockFile)) {
    const holder = lock.holderPid === undefined ? 'another process' : `process ${lock.holderPid}`;
    throw new ServerError(
      'ERR_IVSHMEM_MEMORY_IN_USE',
      file,
      `${file} is the memory of a living server (${holder}); give this one another name, or stop that one`,
    );
  }
  try {
    const { fd, isNew } = open();
    if (isNew) makeNew(fd, file, options, unlink);
    else adopt(fd, file, options.size);
    const close = (): void => {
      fd.close();
      lock.close();
    };
    return { fd, kind, sizeBytes: options.size, path: file, isAdopted: !isNew, unlink, close };
  } catch (error) {
    lock.close();
    throw error;
  }
}

function makeNew(fd: Fd, file: string, options: CheckedOptions, unlink: () => void): void {
  const directory = path.dirname(file);
  try {
    checkRoom(options.size, roomInDirectory(directory), directory);
    prepare(fd, options.size, directory, () => {
      setOwner(fd, options);
    });
  } catch (error) {
    fd.close();
    unlink();
    throw error;
  }
}

function adopt(fd: Fd, file: string, sizeBytes: number): void {
  try {
    const status = fstatSync(fd.rawFd);
    if (!status.isFile()) {
      throw new ServerError('ERR_IVSHMEM_NOT_A_FILE', file, `${file} is no regular file`);
    }
    if (status.size !== sizeBytes) {
      throw new ServerError(
        'ERR_IVSHMEM_MEMORY_SIZE',
        file,
        `${file} exists with ${formatSize(status.size)}, not ${formatSize(sizeBytes)}, and is left as it is: ` +
          'VMs may be living on it; give its size, or another name, or remove it',
      );
    }
    allocateMemory(fd, sizeBytes);
  } catch (error) {
    fd.close();
    throw error;
  }
}

function nameless(kind: 'memfd' | 'unnamed file', fd: Fd, sizeBytes: number): RegionMemory {
  return {
    fd,
    kind,
    sizeBytes,
    path: `/proc/${process.pid}/fd/${fd.rawFd}`,
    isAdopted: false,
    unlink: () => undefined,
    close: () => {
      fd.close();
    },
  };
}

// Size, pages, then whatever else; the descriptor is closed when any of it fails.
function prepare(fd: Fd, sizeBytes: number, where: string, finish: () => void): void {
  try {
    resizeMemory(fd, sizeBytes);
    allocateMemory(fd, sizeBytes);
    finish();
  } catch (error) {
    fd.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'ENOMEM') throw error;
    throw noRoom(sizeBytes, where, 'less');
  }
}

function checkRoom(sizeBytes: number, roomBytes: number, where: string): void {
  if (sizeBytes <= roomBytes) return;
  throw noRoom(sizeBytes, where, formatSize(Math.floor(roomBytes / 1024 ** 2) * 1024 ** 2));
}

function noRoom(sizeBytes: number, where: string, room: string): ServerError {
  return new ServerError(
    'ERR_IVSHMEM_NO_ROOM',
    where,
    `${formatSize(sizeBytes)} do not fit: ${where} has room for ${room}`,
  );
}

function checkHugePages(directory: string, sizeBytes: number): void {
  const pageBytes = hugePageBytesOf(directory) ?? 0;
  if (isValidSize(sizeBytes, pageBytes)) return;
  const [nearest = pageBytes] = nearestSizes(sizeBytes, pageBytes);
  throw new OptionsError(
    'size',
    `${formatSize(sizeBytes)} is less than a huge page of ${directory}; nearest: ${formatSize(nearest)}`,
  );
}

// chmod after the open: the umask would have a say in the mode given there.
function setOwner(fd: Fd, { memMode, memGroup }: CheckedOptions): void {
  if (memGroup !== undefined) fchownSync(fd.rawFd, -1, resolveGroup('memGroup', memGroup));
  fchmodSync(fd.rawFd, memMode);
}
