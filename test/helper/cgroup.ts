// Real cgroups (version 2) with the names that systemd gives to its units, where the machine lets us.
// Rule 1: they are in a slice of the test's own, and go with it: who is in them has to end first, which is
// so when it was started later.
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import type { Scope } from './temp.js';
import { until } from './until.js';

/** Where cgroups can be made; undefined where they cannot. */
export function cgroupRoot(): string | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'latin1');
  const root = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  try {
    if (root !== undefined) accessSync(root, constants.W_OK);
    return root;
  } catch {
    return undefined;
  }
}

let slices = 0;

/** Goes before a command: it is in this cgroup, which is in a slice of its own. */
export function inCgroup(t: Scope, path: string): string[] {
  const slice = `ivshmemtest${process.pid}x${(slices += 1)}.slice`;
  const names = [slice, ...path.split('/')];
  const directories = names.map(
    (_, index) => `${cgroupRoot() ?? ''}/${names.slice(0, index + 1).join('/')}`,
  );
  for (const directory of directories) mkdirSync(directory);
  t.teardown(async () => {
    for (const directory of directories.toReversed()) await removed(directory);
  });
  const enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
  return ['sh', '-c', enter, directories.at(-1) ?? ''];
}

// Who was in it may be gone a moment later than it ended.
async function removed(directory: string): Promise<void> {
  await until(`${directory} can be removed`, () => {
    try {
      rmdirSync(directory);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT';
    }
  });
}
