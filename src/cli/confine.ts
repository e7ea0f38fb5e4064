// Becoming an ordinary user: once its sockets are there, a server needs root for nothing.
//
// Rule 1: whether it can be is found out before anything is made.
// Rule 2: it is for good, and for the whole process: no way back is left.
import { readdirSync } from 'node:fs';
import { readProcFile } from '../../native/proc-file.js';
import { userIds } from '../../native/user.js';
import { OptionsError } from '../server/error.js';
import type { Server } from '../server/server.js';
import { becameAnotherUser } from '../server/in-flight.js';

/** A user to become. */
export interface Confinement {
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
  const { uid, gid } = ids;
  const own = process.geteuid?.();
  if (own === uid && process.getuid?.() === uid) return { enter: () => undefined };
  if (own !== 0) {
    throw new OptionsError('user', `only root can become '${user}'; this process is user ${own}`);
  }
  return {
    enter: (owners) => {
      for (const owner of owners) owner.giveTo(uid);
      become(user, uid, gid);
      becameAnotherUser();
    },
  };
}

// Node has it, its types have not. https://nodejs.org/api/process.html#processinitgroupsuser-extragroup
const { initgroups } = process as { initgroups?: (user: string, extraGroup: number) => void };

function become(user: string, uid: number, gid: number): void {
  initgroups?.(user, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (process.getuid?.() !== uid || process.getegid?.() !== gid || !areThreadsWithoutRights()) {
    throw new Error(`the process has not become the user ${user} with no other rights`);
  }
}

// To the kernel rights are a thread's; glibc and musl change those of all.
function areThreadsWithoutRights(): boolean {
  return readdirSync('/proc/self/task').every((thread) =>
    // One that has ended has none.
    /^CapEff:\s*0*$/m.test(readProcFile(`/proc/self/task/${thread}/status`) ?? 'CapEff:\t0'),
  );
}
