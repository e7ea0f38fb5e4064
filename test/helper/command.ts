// The commands as programs: what to start, and one that runs to its end.
// Rule 1: it knows nothing of `src` but where the commands are.
import { fileURLToPath } from 'node:url';
import { Child, type ChildOptions, type Exit } from './child.js';
import type { Scope } from './temp.js';

/** What to start for `ivshmem`. */
export const ivshmem = [process.execPath, pathOf('ivshmem')] as const;
/** What to start for `ivshmem-server`. */
export const ivshmemServer = [process.execPath, pathOf('ivshmem-server')] as const;
/** What to start for `ivshmem-client`. */
export const ivshmemClient = [process.execPath, pathOf('ivshmem-client')] as const;

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
