// A pair: something that this library does, and the same in C.
//
// Rule 1: a pair is one file of pairs/, named as it is; its C program is NAME.c beside this file.
// Rule 2: both sides do the same work, on descriptors of the same kind, in as many processes; each is
//         a program of its own that warms up by one round of the work, times the next one, and tells
//         what one operation takes.

/** What both sides of a pair get for one round. */
export interface Scene {
  /** Of a region with one vector per peer, in which nobody else is. */
  readonly socket: string;
  /** Its memory, as a path. */
  readonly memory: string;
  readonly operations: number;
}

/** One row of the table. */
export interface Pair {
  /** What one operation is. */
  readonly what: string;
  /** What the C program does instead. */
  readonly against: string;
  /** How many times what C takes ours may take. */
  readonly atMost: number;
  /** Operations in one round. */
  readonly operations: number;
  /** The same where only the form counts. */
  readonly quickOperations: number;
  /** Does the work twice in a process of its own, and resolves with nanoseconds for one operation of the second time. */
  readonly ours: (scene: Scene) => Promise<number>;
  /** What a second process does meanwhile, if the work needs one. */
  readonly partner?: (scene: Scene) => Promise<void>;
}

/** Which of the two processes. */
export type Role = 'ours' | 'partner';
