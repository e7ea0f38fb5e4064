// What a check of the doctor's tells, and what a check is.
//
// Rule 1: a finding is for whoever runs the lab: what is the matter with what, and one line of what to do.
// Rule 2: much of it is the word of strangers: it can be printed, and has an end.
import { printable } from '../../protocol/printable.js';
import type { Scene } from './scene.js';

/** `ok`: looked at, and fine; `note`: what could not be looked at. Neither is a fault. */
export type Severity = 'ok' | 'note' | 'warning' | 'error';

/** One thing that was found. */
export interface Finding {
  /** The name of the check. */
  readonly check: string;
  /** An error keeps a lab from working; a warning may come to that, or is litter. */
  readonly severity: Severity;
  /** What it is about: a process, a path. */
  readonly subject: string;
  readonly message: string;
  /** One line; there is one for each warning and error. */
  readonly remedy?: string;
}

/** A finding before its check has put its name to it. */
export type Complaint = Omit<Finding, 'check'>;

/** So many of something: of one, of several. */
export interface Scope {
  readonly count: number;
  readonly of: readonly [one: string, several: string];
}

/** One check. */
export interface Check {
  readonly name: string;
  /** What is looked at, for who reads that all is well. */
  readonly about: string;
  /** How much of the lab it looks at; without it: this machine, which is always there. */
  readonly scope?: (scene: Scene) => Scope;
  /** What is wrong, and what could not be looked at. Changes nothing. */
  look(scene: Scene): readonly Complaint[] | Promise<readonly Complaint[]>;
}

/** The remedy where we may not look at a process. */
export const LOOK_AT_ALL =
  'run this as root, and with CAP_SYS_PTRACE (docker run --cap-add SYS_PTRACE)';

const MOST_CHARACTERS = 160;

/** Somebody's text as part of a line: as it is where it can be printed, quoted where it cannot, never long. */
export function shown(text: string): string {
  const short = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return printable(short);
}

/** The file system's own text for a shell that it is pasted into. */
export function shellPath(path: string): string {
  const text = shown(path);
  return /^[\w/.@:+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
