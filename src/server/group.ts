// Groups as people give them: a number or a name.
import { groupId } from '../../native/group.js';
import { OptionsError } from './error.js';

/** The number of a group. Throws OptionsError when there is none of that name. */
export function resolveGroup(option: string, group: string): number {
  const gid = /^\d+$/.test(group) ? Number(group) : groupId(group);
  if (gid !== undefined) return gid;
  throw new OptionsError(option, `there is no group '${group}'; allowed: a group's name or number`);
}
