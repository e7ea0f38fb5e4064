// Whether a user may connect to a socket, by what the file system says of it and of each directory above.
// https://man7.org/linux/man-pages/man7/path_resolution.7.html
//
// Rule 1: owner, group and mode decide here. Access lists (ACL) and security modules may say otherwise.
import { realpathSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import type { Credentials } from './qemu-process.js';

const READ_WRITE_EXECUTE = { write: 2, search: 1 } as const;

/** What is in the way: the first directory that may not be entered, or the socket; undefined: nothing. */
export function obstacle(credentials: Credentials, socket: string): string | undefined {
  const target = realpathSync(socket);
  const closed = directoriesAbove(target).find(
    (directory) => !isAllowed(credentials, statSync(directory), 'search'),
  );
  return closed ?? (isAllowed(credentials, statSync(target), 'write') ? undefined : target);
}

/** From the root downwards. */
export function directoriesAbove(file: string): string[] {
  const parent = path.dirname(file);
  return parent === file ? [] : [...directoriesAbove(parent), parent];
}

function isAllowed(
  { uid, gid, groups }: Credentials,
  status: Stats,
  act: keyof typeof READ_WRITE_EXECUTE,
): boolean {
  if (uid === 0) return true;
  const isOfGroup = gid === status.gid || groups.includes(status.gid);
  const shift = uid === status.uid ? 6 : isOfGroup ? 3 : 0;
  return ((status.mode >> shift) & READ_WRITE_EXECUTE[act]) !== 0;
}
