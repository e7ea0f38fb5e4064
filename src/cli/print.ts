// Standard output of commands whose output is their result.
//
// Rule 1: nothing is dropped and nothing piles up: who prints waits until the reader has taken it.
// Rule 2: the end of the reader is an error of its own, by which a command ends without a word. An EPIPE
//         of anything else that is written to is none.
// Rule 3: what else the kernel says no to is said of standard output: a command is about more than that.
import { isSystemError } from '../../native/system-error.js';
import { CommandError } from './exit.js';

/** Whoever read our output is gone. */
export class ReadersEnd extends Error {
  override readonly name = 'ReadersEnd';
}

let isGuarded = false;

/** Writes, and resolves when it is taken; the bytes must stay as they are until then. Rejects with ReadersEnd, CommandError. */
export async function print(chunk: string | Uint8Array): Promise<void> {
  const { stdout } = process;
  // What the callback below is told comes as an event, too.
  if (!isGuarded) stdout.on('error', () => undefined);
  isGuarded = true;
  await new Promise<void>((resolve, reject) => {
    stdout.write(chunk, (error) => {
      if (error) reject(failureOf(error));
      else resolve();
    });
  });
}

/** Prints a value as one line of JSON. */
export function printJson(value: unknown): Promise<void> {
  return print(`${JSON.stringify(value)}\n`);
}

function failureOf(error: Error): Error {
  if (!isSystemError(error)) return error;
  if (error.code === 'EPIPE') return new ReadersEnd(error.message, { cause: error });
  return new CommandError(`standard output: ${error.message}`, { cause: error });
}
