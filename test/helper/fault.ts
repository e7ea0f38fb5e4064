// Kernel calls that fail on demand, where the real kernel cannot be brought to it.
//
// Rule 1: the program under test sees what the kernel would show it: −1, and errno.
// Rule 2: calls that are not to fail go through to the kernel, and the test's end undoes it all.
import os from 'node:os';
import koffi from 'koffi';
import { libc } from '../../native/libc.js';
import { errno } from '../../native/system-error.js';
import type { Scope } from './temp.js';

type Libc = typeof libc;
type Call = (...args: never[]) => number;

/** The calls that fail with −1. */
export type CallName = { [Name in keyof Libc]: Libc[Name] extends Call ? Name : never }[keyof Libc];

/** Node's table, and what of the house's own is not in it. */
const errnoByName = { ...os.constants.errno, ...errno };
export type ErrnoName = keyof typeof errnoByName;

export interface FaultOptions {
  /** How many calls succeed first. Default 0. */
  readonly after?: number;
  /** How many calls fail then. Default all. */
  readonly times?: number;
}

/** What was put in the call's place. */
export interface Fault {
  /** Calls seen until now, those that failed among them. */
  readonly calls: number;
  /** Puts the real call back, before the test's end does; again does nothing. */
  restore(): void;
}

/**
 * Lets a call of `libc` fail: `failing(t, 'eventfd', 'EMFILE', { after: 2, times: 1 })` is EMFILE
 * on the third eventfd alone. Several faults on one call are undone in reverse.
 */
export function failing(
  t: Scope,
  name: CallName,
  code: ErrnoName,
  { after = 0, times = Infinity }: FaultOptions = {},
): Fault {
  const table = libc as Record<CallName, (...args: unknown[]) => number>;
  const real = table[name];
  let calls = 0;
  const fault = (...args: unknown[]): number => {
    calls += 1;
    if (calls <= after || calls > after + times) return real(...args);
    koffi.errno(errnoByName[code]);
    return -1;
  };
  const restore = (): void => {
    if (table[name] === fault) table[name] = real;
  };
  table[name] = fault;
  t.teardown(restore);
  return {
    get calls() {
      return calls;
    },
    restore,
  };
}
