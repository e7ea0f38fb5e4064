// What is measured: something that this library or server does, and the least that does the same.
//
// Rule 1: what belongs together is one file of pairs/, which exports `pairs` by their names.
// Rule 2: both sides do the same work, on descriptors of the same kind, in as many processes.
// Rule 3: a side of a program pair is a program of its own that warms up by one round of the work, times
//         the next one, and tells what one operation takes. Its C program is NAME.c in bench/.

/** What a figure counts. */
export type Unit = 'ns' | 'bytes';

/** One row of the table. */
export interface Row {
  /** What is counted, in one of ours. */
  readonly what: string;
  /** What it stands beside. */
  readonly against: string;
  /** Default ns. */
  readonly unit?: Unit;
  /** How many times what the other takes ours may take. */
  readonly atMost: number;
}

/** What both sides of a program pair get for one round. */
export interface Scene {
  /** Of a region with one vector per peer, in which nobody else is. */
  readonly socket: string;
  /** Its memory, as a path. */
  readonly memory: string;
  readonly operations: number;
}

/** A piece of work in a process of its own, ours against C. */
export interface ProgramPair extends Row {
  /** Operations in one round. */
  readonly operations: number;
  /** The same where only the form counts. */
  readonly quickOperations: number;
  /** Does the work twice, and resolves with nanoseconds for one operation of the second time. */
  readonly ours: (scene: Scene) => Promise<number>;
  /** What a second process does meanwhile, if the work needs one. */
  readonly partner?: (scene: Scene) => Promise<void>;
}

/** Which of the two processes. */
export type Role = 'ours' | 'partner';

/** What both sides of a server pair get for one round. */
export interface Stage {
  /** For sockets, memories and compiled programs. */
  readonly directory: string;
  readonly isQuick: boolean;
}

/** Figures of one round, one for each row of the pair, in their order. */
export type Figures = readonly number[];

/** What a server does to whoever connects: several figures of one round. */
export interface ServerPair {
  readonly rows: readonly Row[];
  /** How often it is measured. */
  readonly rounds: number;
  readonly ours: (stage: Stage) => Promise<Figures>;
  readonly baseline: (stage: Stage) => Promise<Figures>;
}

export type Pair = ProgramPair | ServerPair;
