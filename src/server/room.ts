// How much room there is for a memory that is about to be made.
//
// Looked at beforehand, because the kernel does not say no to a memfd that is too large: it fills
// the machine and then kills somebody.
import { readFileSync, statfsSync } from 'node:fs';
import os from 'node:os';
import { ServerError } from './error.js';
import { formatSize } from './size.js';

const HUGETLBFS_MAGIC = 0x958458f6;
const TMPFS_MAGIC = 0x01021994;

/** Bytes that memory can still take without swapping or breaking the cgroup's limit. */
export function roomInMemory(): number {
  return Math.min(os.freemem(), process.availableMemory());
}

/** Bytes of free huge pages of this size. https://docs.kernel.org/admin-guide/mm/hugetlbpage.html */
export function roomInHugePages(pageBytes: number): number {
  const pool = `/sys/kernel/mm/hugepages/hugepages-${pageBytes / 1024}kB`;
  try {
    return pageBytes * (read(`${pool}/free_hugepages`) - read(`${pool}/resv_hugepages`));
  } catch {
    return 0; // the kernel or machine has none of this size
  }
}

/** Bytes free in the file system of a directory, counting what stands behind it. */
export function roomInDirectory(directory: string): number {
  const { type, bavail, bsize } = statfsSync(directory);
  if (type === HUGETLBFS_MAGIC) return roomInHugePages(bsize);
  return type === TMPFS_MAGIC ? Math.min(bavail * bsize, roomInMemory()) : bavail * bsize;
}

/** The size of pages in a directory's file system, when it is hugetlbfs. */
export function hugePageBytesOf(directory: string): number | undefined {
  const { type, bsize } = statfsSync(directory);
  return type === HUGETLBFS_MAGIC ? bsize : undefined;
}

/** Throws ServerError ERR_IVSHMEM_NO_ROOM, with the room there is. */
export function checkRoom(sizeBytes: number, roomBytes: number, where: string): void {
  if (sizeBytes <= roomBytes) return;
  throw noRoom(sizeBytes, where, formatSize(Math.floor(roomBytes / 1024 ** 2) * 1024 ** 2));
}

/** The error of a memory that does not fit. */
export function noRoom(sizeBytes: number, where: string, room: string): ServerError {
  return new ServerError(
    'ERR_IVSHMEM_NO_ROOM',
    where,
    `${formatSize(sizeBytes)} do not fit: ${where} has room for ${room}`,
  );
}

function read(file: string): number {
  return Number(readFileSync(file, 'utf8'));
}
