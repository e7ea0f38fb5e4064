// Errors of the kernel, in one place and shaped like Node's own.
//
// Rule 1: errno is read here only, right after the −1 it belongs to (it is stale after a success).
// Rule 2: names and texts come from Node's tables; the few that Node does not know stand below.
import os from 'node:os';
import { getSystemErrorMap } from 'node:util';
import koffi from 'koffi';

/** errno values the house decides by (asm-generic/errno.h; the same on every architecture Node runs on). */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EEXIST: 17,
  ENOTDIR: 20,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOSPC: 28,
  EPIPE: 32,
  ERANGE: 34,
  ENAMETOOLONG: 36,
  ENODATA: 61,
  EUSERS: 87,
  ENOTSOCK: 88,
  ENOPROTOOPT: 92,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ETOOMANYREFS: 109,
  ECONNREFUSED: 111,
} as const;

const knownToLibuv = getSystemErrorMap(); // a copy with each call
const unknownToNode: ReadonlyMap<number, readonly [string, string]> = new Map([
  [errno.EUSERS, ['EUSERS', 'too many users']],
  [errno.ETOOMANYREFS, ['ETOOMANYREFS', 'too many references']],
]);

// libuv's table has texts, and lacks what only file systems say (ENOLCK, EDQUOT); this one has names.
const nameOf = new Map(Object.entries(os.constants.errno).map(([name, value]) => [value, name]));

/** The name and text of an errno value (positive): `['EMFILE', 'too many open files']`. */
export function describeErrno(value: number): readonly [name: string, text: string] {
  return (
    knownToLibuv.get(-value) ??
    unknownToNode.get(value) ?? [nameOf.get(value) ?? `E${value}`, `system error ${value}`]
  );
}

/**
 * A kernel call that failed: `EADDRINUSE: address already in use, bind '/run/x.sock'`.
 * `code` is errno's name, `errno` its value negated, as in Node's own system errors.
 */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  // Not so much as undefined where there is none.
  declare readonly path?: string;

  constructor(value: number, syscall: string, path?: string) {
    const [code, text] = describeErrno(value);
    super(`${code}: ${text}, ${syscall}${path === undefined ? '' : ` '${path}'`}`);
    this.code = code;
    this.errno = -value;
    this.syscall = syscall;
    if (path !== undefined) this.path = path;
  }
}

/** Whether the kernel said no: a SystemError, or Node's own of the same shape. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}

/** The errno (positive) of the call that just returned −1. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Passes a call's result on; a negative one becomes the SystemError of its errno. */
export function check(result: number, syscall: string, path?: string): number {
  if (result < 0) throw new SystemError(lastErrno(), syscall, path);
  return result;
}

/** Like `check`, but a call that would have blocked (EAGAIN) or was interrupted gives undefined. */
export function checkReady(result: number, syscall: string, path?: string): number | undefined {
  if (result >= 0) return result;
  const value = lastErrno();
  if (value === errno.EAGAIN || value === errno.EINTR) return undefined;
  throw new SystemError(value, syscall, path);
}
