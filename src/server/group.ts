// Groups as people give them: a number or a name.
import { groupId } from '../../native/group.js';
import { OptionsError } from './error.js';

const MAX_GID = 2 ** 32 - 2; // the one above means "leave it as it is" to chown

/** The number of a group. Throws OptionsError when there is none of that name. */
export function resolveGroup(option: string, group: string | number): number {
  const text = String(group);
  const gid = /^\d+$/.test(text) ? Number(text) : groupId(text);
  if (gid !== undefined && gid <= MAX_GID) return gid;
  throw new OptionsError(option, `there is no group '${group}'; allowed: a group's name or number`);
}
