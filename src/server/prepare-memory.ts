// What every memory needs before peers may have it: its size, its pages, its owner.
import { fchmodSync, fchownSync } from 'node:fs';
import type { Fd } from '../../native/fd.js';
import { allocateMemory, resizeMemory } from '../../native/memory.js';
import { OptionsError } from './error.js';
import { resolveGroup } from './group.js';
import type { CheckedOptions } from './options.js';
import { hugePageBytesOf, noRoom } from './room.js';
import { formatSize, isValidSize, nearestSizes } from './size.js';

/** Size, pages, then whatever else; closes the descriptor when any of it fails. */
export function prepareMemory(fd: Fd, sizeBytes: number, where: string, finish: () => void): void {
  try {
    resizeMemory(fd, sizeBytes);
    allocateAll(fd, sizeBytes, where);
    finish();
  } catch (error) {
    fd.close();
    throw error;
  }
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
