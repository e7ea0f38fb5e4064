// What became of a server in a check.
//
// Rule 1: who died, died, whatever the check saw of it first.
import type { Check } from './check.js';
import { Hang } from './patience.js';
import { Death } from './server-process.js';
import { Subject, type SubjectOptions } from './subject.js';

export interface Verdict {
  readonly verdict: 'works' | 'fails' | 'hangs' | 'dies';
  /** How it fails; what did not happen; the exit code or signal; of what works, perhaps a note. */
  readonly how?: string;
}

/** Runs one check on a server of its own. Rejects only when it was told to end. */
export async function judge(check: Check, options: SubjectOptions): Promise<Verdict> {
  const subject = new Subject(options);
  try {
    const verdict = await attempt(check, subject);
    return (await deathOf(subject)) ?? verdict;
  } finally {
    await subject.close();
  }
}

async function attempt(check: Check, subject: Subject): Promise<Verdict> {
  try {
    const note = await check.run(subject);
    return note === undefined ? { verdict: 'works' } : { verdict: 'works', how: note };
  } catch (error) {
    if (error instanceof Death) return { verdict: 'dies', how: error.message };
    if (error instanceof Hang) return { verdict: 'hangs', how: `never: ${error.message}` };
    return { verdict: 'fails', how: rootOf(error) };
  }
}

async function deathOf(subject: Subject): Promise<Verdict | undefined> {
  await subject.settle();
  try {
    subject.look();
    return undefined;
  } catch (error) {
    if (error instanceof Death) return { verdict: 'dies', how: error.message };
    throw error;
  }
}

// The strict peer says which rule was broken in the cause, and what came before in the message.
function rootOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return rootOf(error.cause);
  // What a server wrote is in some of them, and is not for a terminal as it is.
  const line = error.message.trim().replaceAll(/\p{Cc}+/gu, ' ');
  return line.replace(/^broken rule: /, 'sends what it must not: ');
}
