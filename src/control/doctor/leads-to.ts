// Which region a device leads to.
//
// Rule 1: the file system decides, from where the QEMU sees it. Only where we may not look there, the same
//         absolute path is the same socket.
// Rule 2: a stranger's command line may have thousands of devices: each costs one look, however many regions there are.
import { statSync } from 'node:fs';
import path from 'node:path';
import type { IvshmemDevice } from '../../qemu/ivshmem-devices.js';
import type { QemuProcess } from './qemu-process.js';
import { keyAt, type Region } from './regions.js';

/** The region that a device is connected to, or was; undefined: none that is known. */
export function regionOf(
  { pid, isOpen }: Pick<QemuProcess, 'pid' | 'isOpen'>,
  { socket }: Pick<IvshmemDevice, 'socket'>,
  regions: readonly Region[],
): Region | undefined {
  if (socket === undefined) return undefined;
  if (!isOpen) return regions.find(({ sockets }) => sockets.includes(socket));
  const its = keyAt(pathSeenBy(pid, socket));
  if (its === undefined) return undefined;
  return regions.find(({ socketKeys }) => socketKeys.has(its));
}

/** A path of another process's as we can look at it. */
export function pathSeenBy(pid: number, itsPath: string): string {
  return `/proc/${pid}/${path.isAbsolute(itsPath) ? 'root' : 'cwd'}/${itsPath}`;
}

/** Whether there is a socket at a path; undefined where that cannot be seen. */
export function isSocketAt(file: string): boolean | undefined {
  try {
    return statSync(file).isSocket();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? false : undefined;
  }
}
