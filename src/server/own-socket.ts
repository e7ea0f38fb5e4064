// A socket in the file system, held while its owner, group and mode are changed.
//
// Rule 1: what is changed is what was looked at: where others may write into the directory, the next one at
//         the path may be a link to what root must not touch.
import { closeSync, constants, fstatSync, openSync, type BigIntStats } from 'node:fs';
import { ServerError } from './error.js';

/** To hold what is at a path, and not to read it. https://man7.org/linux/man-pages/man2/open.2.html */
export const O_PATH = 0o10000000;

/**
 * Acts on the socket at a path by another path, which leads to it whatever becomes of the first. `inode`: the
 * only one that it may be. Throws ServerError ERR_IVSHMEM_NOT_A_SOCKET, SystemError (ENOENT).
 */
export function onSocket<Result>(
  path: string,
  inode: bigint | undefined,
  act: (handle: string, status: BigIntStats) => Result,
): Result {
  const rawFd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const status = fstatSync(rawFd, { bigint: true });
    if (status.isSocket() && (inode === undefined || status.ino === inode))
      return act(`/proc/self/fd/${rawFd}`, status);
  } finally {
    closeSync(rawFd);
  }
  throw new ServerError(
    'ERR_IVSHMEM_NOT_A_SOCKET',
    path,
    `${path} is not the socket that this server made, and is left as it is`,
  );
}
