// Becoming an ordinary user: once its sockets are there, a server needs root for nothing.
//
// Rule 1: whether it can be is found out before anything is made.
// Rule 2: it is for good, and for the whole process: no way back is left.
import { userIds } from '../../native/user.js';
import { become, type UserIdentity } from '../control/become.js';
import { OptionsError } from '../server/error.js';
import type { Server } from '../server/server.js';
import { becameAnotherUser } from '../server/in-flight.js';

/** A user to become. */
export interface Confinement {
  /** Who that is; undefined: it is so already. */
  readonly identity?: UserIdentity;
  /**
   * Becomes the user, with all of its groups, before any connection is taken; what these have made by name
   * is the user's from then on. Throws SystemError.
   */
  enter(owners: readonly Pick<Server, 'giveTo'>[]): void;
}

/** Throws OptionsError when there is no such user, or we cannot become it. */
export function confinementTo(user: string): Confinement {
  const ids = userIds(user);
  if (ids === undefined) {
    throw new OptionsError('user', `there is no user '${user}'; allowed: the name of a user`);
  }
  const { uid } = ids;
  const own = process.geteuid?.();
  if (own === uid && process.getuid?.() === uid) return { enter: () => undefined };
  if (own !== 0) {
    throw new OptionsError('user', `only root can become '${user}'; this process is user ${own}`);
  }
  return {
    identity: { user, ...ids },
    enter: (owners) => {
      for (const owner of owners) owner.giveTo(uid);
      become({ user, ...ids });
      becameAnotherUser();
    },
  };
}
