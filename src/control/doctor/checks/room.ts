// Room in the file systems that a region needs: of sockets, of memory that has a name.
//
// Rule 1: memory that is served has all its pages already: what is looked at is whether the next one fits.
import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { hugePageBytesOf, roomInDirectory } from '../../../server/room.js';
import { formatSize } from '../../../server/size.js';
import { shown, type Check, type Complaint } from '../finding.js';
import type { Scene } from '../scene.js';

// The memory of a region that was asked for nothing; a socket, its lock file and a pid file.
const MEMORY_BYTES = 4 * 1024 ** 2;
const SOCKET_BYTES = 64 * 1024;
const FILES = 8;

export const room: Check = {
  name: 'room',
  about: 'there is room for memory and sockets where they have their names',
  look: (scene) => {
    const forMemory = [scene.memoryDirectory, ...memoryDirectories(scene)];
    const forSockets = ['/run', ...directoriesOf(scene)];
    return [
      ...distinct(forMemory).flatMap((directory) => lookIn(directory, MEMORY_BYTES, 'memory')),
      ...distinct(forSockets).flatMap((directory) => lookIn(directory, SOCKET_BYTES, 'sockets')),
    ];
  },
};

// Of sockets that somebody named, or the server of this scene has: what else is said is a stranger's word.
function directoriesOf({ named, status }: Scene): string[] {
  const served = status?.regions.map(({ socket }) => socket) ?? [];
  return [...named, ...served].map((socket) => path.dirname(socket));
}

function memoryDirectories({ status }: Scene): string[] {
  const paths = status?.regions.map(({ memory }) => memory.path) ?? [];
  return paths.filter((file) => !file.startsWith('/proc/')).map((file) => path.dirname(file));
}

// One directory of each file system.
function distinct(directories: readonly string[]): string[] {
  const found = new Map<number, string>();
  for (const directory of directories) {
    const device = deviceOf(directory);
    if (device !== undefined && !found.has(device)) found.set(device, directory);
  }
  return [...found.values()];
}

// Undefined: it is not there, or not for us.
function deviceOf(directory: string): number | undefined {
  try {
    return statSync(directory).dev;
  } catch {
    return undefined;
  }
}

function lookIn(directory: string, neededBytes: number, what: string): Complaint[] {
  // Huge pages have a check of their own. Where nothing can be made no room is missing.
  if (hugePageBytesOf(directory) !== undefined || isReadOnly(directory)) return [];
  const subject = shown(directory);
  const remedy = `make room on its file system (df ${subject})`;
  const bytes = roomInDirectory(directory);
  if (bytes < neededBytes) {
    const left =
      bytes < 1024 ** 2
        ? `${Math.floor(bytes / 1024)}K`
        : formatSize(Math.floor(bytes / 1024 ** 2) * 1024 ** 2);
    const message = `there is room for ${left}, and ${what} may need ${formatSize(neededBytes)}`;
    return [{ severity: bytes < 4096 ? 'error' : 'warning', subject, message, remedy }];
  }
  const { files, ffree } = statfsSync(directory);
  if (files === 0 || ffree >= FILES) return []; // some file systems have no number of files
  const message = `there is room for ${ffree} more files: no inodes are left for ${what}`;
  return [{ severity: 'error', subject, message, remedy }];
}

function isReadOnly(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}
