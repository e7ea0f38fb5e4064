// What every memory needs before peers may have it: its size, its label, its pages, its owner.
//
// Rule 1: pages are allocated step by step, and the event loop turns between two: the kernel empties each,
//         which takes a third of a second a GB, and peers of other regions do not wait for that.
import { fchmodSync, fchownSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { Fd } from '../../native/fd.js';
import { allocateMemory, pageSize, resizeMemory } from '../../native/memory.js';
import { OptionsError } from './error.js';
import { resolveGroup } from './group.js';
import { writeLabel } from './label.js';
import type { CheckedOptions } from './options.js';
import { hugePageBytesOf, noRoom } from './room.js';
import { formatSize, isValidSize, nearestSizes } from './size.js';

const STEP_BYTES = 16 * 1024 ** 2;

/** What `fillMemory` does, then whatever else; closes the descriptor when any of it fails. */
export async function prepareMemory(
  fd: Fd,
  options: CheckedOptions,
  where: string,
  finish: () => void,
): Promise<void> {
  try {
    await fillMemory(fd, options, where);
    finish();
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** Gives an empty object its size, its label and all its pages. */
export async function fillMemory(fd: Fd, options: CheckedOptions, where: string): Promise<void> {
  resizeMemory(fd, options.size);
  if (options.label !== undefined) {
    // Before the rest, which can take seconds: who is killed there leaves a memory that has its label.
    // With a page that is there: where the kernel finds none, to write would be a SIGBUS.
    fitting(options, where, () => {
      allocateMemory(fd, 0, pageSize());
    });
    writeLabel(fd, options.label, options);
  }
  await allocateAll(fd, options, where);
}

/** All pages; those that are there stay as they are. Rejects with ServerError ERR_IVSHMEM_NO_ROOM. */
export async function allocateAll(fd: Fd, options: CheckedOptions, where: string): Promise<void> {
  const { size, signal } = options;
  for (let from = 0; from < size; from += STEP_BYTES) {
    if (from > 0) await turn();
    signal?.throwIfAborted();
    fitting(options, where, () => {
      allocateMemory(fd, from, Math.min(from + STEP_BYTES, size));
    });
  }
}

/** The same at once: where there is not enough room, the kernel takes back what it has found. */
export function allocateAtOnce(fd: Fd, options: CheckedOptions, where: string): void {
  fitting(options, where, () => {
    allocateMemory(fd, 0, options.size);
  });
}

function fitting({ size }: CheckedOptions, where: string, allocate: () => void): void {
  try {
    allocate();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'ENOMEM') throw error;
    throw noRoom(size, where, 'less');
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
