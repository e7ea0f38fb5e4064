// Becoming an ordinary user, for good: for a process that needs root for nothing any more.
//
// Rule 1: it is for the whole process, and no way back is left, or the process ends.
import { readdirSync } from 'node:fs';
import { readProcFile } from '../../native/proc-file.js';

/** A user, as the system knows it. */
export interface UserIdentity {
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
}

// Node has it, its types have not. https://nodejs.org/api/process.html#processinitgroupsuser-extragroup
const { initgroups } = process as { initgroups?: (user: string, extraGroup: number) => void };

/** Becomes this user, with all of its groups. Throws when something else came of it: the process has to end. */
export function become({ user, uid, gid }: UserIdentity): void {
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
