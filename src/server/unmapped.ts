// Users and groups that have no number in our user namespace: the kernel calls all of them 65534.
// https://man7.org/linux/man-pages/man7/user_namespaces.7.html
//
// Rule 1: in a namespace that has not all numbers this one is nobody in particular: no rule may fit it.
import { readFileSync } from 'node:fs';

const ALL = /^\s*0\s+0\s+4294967295\s*$/;

/** What is numbered. */
export type IdKind = 'uid' | 'gid';

const overflow = new Map<IdKind, number | undefined>();

/** Whether a number that the kernel gave may stand for anybody who has none here. */
export function isUnmapped(kind: IdKind, id: number): boolean {
  if (!overflow.has(kind)) overflow.set(kind, overflowId(kind));
  return id === overflow.get(kind);
}

/** What the kernel says for those without a number; undefined where everybody has one. */
export function overflowId(kind: IdKind, directory = '/proc'): number | undefined {
  if (ALL.test(readFileSync(`${directory}/self/${kind}_map`, 'latin1'))) return undefined;
  return Number(readFileSync(`${directory}/sys/kernel/overflow${kind}`, 'latin1'));
}
