// The pairs that there are.
//
// Rule 1: the directory is the list: what a file in it exports is there.
import { readdirSync } from 'node:fs';
import type { Pair } from './pair.js';

const directory = new URL('pairs/', import.meta.url);

interface PairModule {
  readonly pairs: Readonly<Record<string, Pair>>;
}

/** All pairs by name, in the order of their files. */
export const pairs: Readonly<Record<string, Pair>> = Object.assign(
  {},
  ...(await Promise.all(
    readdirSync(directory)
      .filter((file) => file.endsWith('.js'))
      .sort()
      .map(async (file) => ((await import(new URL(file, directory).href)) as PairModule).pairs),
  )),
) as Record<string, Pair>;
