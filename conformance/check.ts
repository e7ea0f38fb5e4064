// What a check is.
//
// Rule 1: a check knows the protocol from its specification and the flags from the example server's
//   help: nothing here comes from `src`.
// Rule 2: it returns when the server did all right, and throws, in a few words, what was wrong. Whether
//   the server lives is the judge's business, and so is the time.
// Rule 3: it is about what harms a VM, loses news or breaks a script; taste is not checked.
import type { Subject } from './subject.js';

export interface Check {
  /** For `--only`: kebab-case. */
  readonly name: string;
  /** What is done to the server, in words of the field. */
  readonly what: string;
  /** Only with `--long`, or when it is asked for by its name. */
  readonly isLong?: boolean;
  /** Resolves when the server did all right, perhaps with a note on how; rejects when it did not. */
  readonly run: (subject: Subject) => Promise<string | undefined>;
}

/** Throws what is wrong unless it is right. */
export function must(isRight: boolean, wrong: string): asserts isRight {
  if (!isRight) throw new Error(wrong);
}
