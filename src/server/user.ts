// Users as people give them: a number or a name.
import { userId } from '../../native/user.js';
import { OptionsError } from './error.js';

const MAX_UID = 2 ** 32 - 2; // the one above means "leave it as it is" to chown

/** The number of a user. Throws OptionsError when there is none of that name. */
export function resolveUser(option: string, user: string | number): number {
  const text = String(user);
  const uid = /^\d+$/.test(text) ? Number(text) : userId(text);
  if (uid !== undefined && uid <= MAX_UID) return uid;
  throw new OptionsError(option, `there is no user '${user}'; allowed: a user's name or number`);
}
