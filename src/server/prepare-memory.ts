// What every memory needs before peers may have it: its size, its label, its pages, its owner.
import { fchmodSync, fchownSync } from 'node:fs';
import type { Fd } from '../../native/fd.js';
import { allocateMemory, pageSize, resizeMemory } from '../../native/memory.js';
import { OptionsError } from './error.js';
import { resolveGroup } from './group.js';
import { writeLabel } from './label.js';
import type { CheckedOptions } from './options.js';
import { hugePageBytesOf, noRoom } from './room.js';
import { formatSize, isValidSize, nearestSizes } from './size.js';

/** What `fillMemory` does, then whatever else; closes the descriptor when any of it fails. */
export function prepareMemory(
  fd: Fd,
  options: CheckedOptions,
  where: string,
  finish: () => void,
): void {
  try {
    fillMemory(fd, options, where);
    finish();
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** Gives an empty object its size, its label and all its pages. */
export function fillMemory(fd: Fd, options: CheckedOptions, where: string): void {
  resizeMemory(fd, options.size);
  if (options.label !== undefined) {
    // Before the rest, which can take seconds: who is killed there leaves a memory that has its label.
    // With a page that is there: where the kernel finds none, to write would be a SIGBUS.
    allocateAll(fd, pageSize(), where);
    writeLabel(fd, options.label, options);
  }
  allocateAll(fd, options.size, where);
}

/** All pages; those that are there stay as they are. Throws ServerError ERR_IVSHMEM_NO_ROOM. */
export function allocateAll(fd: Fd, sizeBytes: number, where: string): void {
  try {
    allocateMemory(fd, sizeBytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'ENOMEM') throw error;
    throw noRoom(sizeBytes, where, 'less');
  }
}

/** Throws OptionsError for a size that is less than a page of the directory's file system. */
export function checkHugePages(directory: string, sizeBytes: number): void {
  const pageBytes = hugePageBytesOf(directory) ?? 0;
  if (isValidSize(sizeBytes, pageBytes)) return;
  const [nearest = pageBytes] = nearestSizes(sizeBytes, pageBytes);
  throw new OptionsError(
    'size',
    `${formatSize(sizeBytes)} is less than a huge page of ${directory}; nearest: ${formatSize(nearest)}`,
  );
}

/** Group and mode; chmod after the open, because the umask would have a say in the mode given there. */
export function setOwner(fd: Fd, { memMode, memGroup }: CheckedOptions): void {
  if (memGroup !== undefined) fchownSync(fd.rawFd, -1, resolveGroup('memGroup', memGroup));
  fchmodSync(fd.rawFd, memMode);
}
