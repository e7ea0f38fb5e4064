// What of a region's options may change while it is there, and what may not.
//
// Rule 1: what peers have been given stays as it is: the memory, the number of vectors, the sockets. Only
//         what is asked of newcomers changes, and VMs that are away: see `vm-change.ts`.
import { isDeepStrictEqual } from 'node:util';
import type { CheckedOptions } from './options.js';
import type { UnchangedVm } from './vm-change.js';

/** Options that are what attached peers have, or how they came. */
const FIXED = [
  'socket',
  'hostSocket',
  'size',
  'vectors',
  'label',
  'shmName',
  'memPath',
  'memMode',
  'memGroup',
  'hugePageBytes',
] as const satisfies readonly (keyof CheckedOptions)[];

type Fixed = (typeof FIXED)[number];

/** What stays as it was: an option, or a VM that has a name. */
export type Unchanged = UnchangedOption | UnchangedVm;

/** What became of a change. */
export interface Change {
  readonly unchanged: readonly Unchanged[];
  /** Why mode and group of a socket could not be changed, if so. */
  readonly error?: Error | undefined;
}

/** One option that stays as it was. */
export interface UnchangedOption {
  readonly option: Fixed;
  readonly is: string | number | undefined;
  readonly asked: string | number | undefined;
}

/** Which options would have to change that cannot. */
export function unchangeable(now: CheckedOptions, next: CheckedOptions): UnchangedOption[] {
  return FIXED.filter((option) => !isDeepStrictEqual(now[option], next[option])).map((option) => ({
    option,
    is: now[option],
    asked: next[option],
  }));
}

/** The options that are asked for, but for those that cannot change. */
export function merged(now: CheckedOptions, next: CheckedOptions): CheckedOptions {
  const fixed = Object.fromEntries(FIXED.map((option) => [option, now[option]]));
  return { ...next, ...fixed };
}
