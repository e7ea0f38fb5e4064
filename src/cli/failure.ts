// What is said of a failure: one line, what happened and what to do.
import { OptionsError, ServerError } from '../server/error.js';
import { EXIT_SYSTEM, exitCodeOf } from './exit.js';
import type { Log } from './log.js';

/** Logs that the system does not allow it, and returns the exit code; throws anything else on. */
export function logFailure(error: unknown, log: Log): typeof EXIT_SYSTEM {
  const exitCode = exitCodeOf(error);
  if (exitCode !== EXIT_SYSTEM || !(error instanceof Error)) throw error;
  const { code, path } = error as ServerError | NodeJS.ErrnoException;
  log.error({ event: 'failed', code, path }, error.message);
  return exitCode;
}

/** The message of an error, with the flag that it is about as it was typed. */
export function messageOf(error: unknown, flagOf: (option: string) => string): string {
  if (error instanceof OptionsError) return `${flagOf(error.option)}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
