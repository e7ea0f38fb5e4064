// The commands as programs: what to start, and one that runs to its end.
// Rule 1: it knows nothing of `src` but where the commands are.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child, type ChildOptions, type Exit } from '../helper/child.js';
import type { Scope } from '../helper/temp.js';

/** What to start for `ivshmem`. */
export const ivshmem = [process.execPath, pathOf('ivshmem')] as const;
/** What to start for `ivshmem-server`. */
export const ivshmemServer = [process.execPath, pathOf('ivshmem-server')] as const;

/**
 * Goes before a command: it is this user's, with this group alone, and ends with the test all the
 * same. It may read whatever it likes, for Node may be in root's home; no test is about reading.
 */
export function asUser(uid: number, gid = uid): string[] {
  const user = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  const mayRead = ['--inh-caps', '-all,+dac_read_search', '--ambient-caps', '+dac_read_search'];
  return ['setpriv', ...user, ...(canReadAll() ? mayRead : []), 'setpriv', '--pdeathsig', 'KILL'];
}

// https://man7.org/linux/man-pages/man7/capabilities.7.html: not every container's root has it.
function canReadAll(): boolean {
  const status = readFileSync('/proc/self/status', 'latin1');
  const CAP_DAC_READ_SEARCH = 2n;
  const permitted = BigInt(`0x${/^CapPrm:\s+(\w+)/m.exec(status)?.[1] ?? '0'}`);
  return ((permitted >> CAP_DAC_READ_SEARCH) & 1n) === 1n;
}

/** How a command ended, and all that it said. */
export interface Ended extends Exit {
  readonly stdout: string;
}

/** Runs a command to its end, which is also that of everybody who has its standard streams. */
export async function run(
  t: Scope,
  argv: readonly string[],
  options: ChildOptions = {},
): Promise<Ended> {
  const child = new Child(t, argv, options);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  return { ...(await child.exit), stdout };
}

/** Acts on all items, a few at a time: a command costs a processor a quarter of a second to start. */
export async function forEach<Item>(
  items: Iterable<Item>,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) await act(next.value);
  };
  await Promise.all(Array.from({ length: 4 }, work));
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`../../src/cli/${name}.js`, import.meta.url));
}
