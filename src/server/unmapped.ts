// Users and groups that have no number in our user namespace: the kernel calls all of them 65534.
// https://man7.org/linux/man-pages/man7/user_namespaces.7.html
//
// Rule 1: in a namespace that has not all numbers this one is nobody in particular: no rule may fit it.
// Rule 2: to look takes a descriptor, so it is done when a rule is made, and not when somebody comes.
import { readProcFile } from '../../native/proc-file.js';

const ALL = /^\s*0\s+0\s+4294967295\s*$/;

/** What is numbered. */
export type IdKind = 'uid' | 'gid';

const USUAL_OVERFLOW = 65_534;
const overflow = new Map<IdKind, number | undefined>();

/** Looks which numbers are in doubt, once: a process stays in its namespace. Throws SystemError. */
export function learnUnmapped(): void {
  for (const kind of ['uid', 'gid'] as const)
    if (!overflow.has(kind)) overflow.set(kind, overflowId(kind));
}

/** Whether a number that the kernel gave may stand for anybody who has none here. */
export function isUnmapped(kind: IdKind, id: number): boolean {
  learnUnmapped();
  return id === overflow.get(kind);
}

/** What the kernel says for those without a number; undefined where everybody has one. Throws SystemError. */
export function overflowId(kind: IdKind, directory = '/proc'): number | undefined {
  if (ALL.test(readProcFile(`${directory}/self/${kind}_map`) ?? '')) return undefined;
  return Number(readProcFile(`${directory}/sys/kernel/overflow${kind}`) ?? USUAL_OVERFLOW);
}
