// Small files of /proc that tell of a process, which may be a stranger's and may say anything.
// https://man7.org/linux/man-pages/man5/proc.5.html
//
// Rule 1: never more than asked for: how long a command line is its process decides, at no cost
//         (PR_SET_MM_MAP), and to read one of gigabytes would block everybody, or end us.
// Rule 2: "it is not there", "we may not look" and "it is longer" are values (undefined); all else is
//         an error: without a descriptor to look with, nothing is known of anybody.
import { constants } from 'node:fs';
import { Fd } from './fd.js';
import { libc, staticMemory } from './libc.js';
import { check, errno, SystemError } from './system-error.js';

/** The longest file that is read: a QEMU of a hundred devices has a command line of 30 KiB. */
export const MAX_PROC_FILE_BYTES = 128 * 1024;

const { O_RDONLY, O_NONBLOCK } = constants;
const O_CLOEXEC = 0o2000000; // Node has no name for it
// What is gone, hidden or forbidden; and what the kernel itself finds too long to tell.
const UNKNOWN = [errno.ENOENT, errno.ESRCH, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG];

const bytes = staticMemory(MAX_PROC_FILE_BYTES + 1); // one more, to see that there is more

/**
 * The text of a file of at most so many bytes (and MAX_PROC_FILE_BYTES); undefined where it is longer, not there
 * or not for us. Throws EMFILE, ENFILE, ENOMEM, …
 */
export function readProcFile(path: string, maxBytes = MAX_PROC_FILE_BYTES): string | undefined {
  try {
    return readAtMost(path, Math.min(maxBytes, MAX_PROC_FILE_BYTES));
  } catch (error) {
    if (error instanceof SystemError && UNKNOWN.some((value) => value === -error.errno))
      return undefined;
    throw error;
  }
}

function readAtMost(path: string, maxBytes: number): string | undefined {
  using fd = new Fd(check(libc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0), 'open', path));
  // Some of these files come in several pieces, whatever is asked for.
  for (let length = 0; length <= maxBytes;) {
    const room = bytes.address + BigInt(length);
    const read = check(libc.read(fd.rawFd, room, maxBytes + 1 - length), 'read', path);
    if (read === 0) return Buffer.from(bytes.view.buffer, 0, length).toString('utf8');
    length += read;
  }
  return undefined;
}
