// What is said of a failure: one line, what happened and what to do.
import path from 'node:path';
import { OptionsError, ServerError } from '../server/error.js';
import { EXIT_SYSTEM, exitCodeOf } from './exit.js';
import type { Log } from './log.js';

/** Logs that the system does not allow it, and returns the exit code; throws anything else on. */
export function logFailure(error: unknown, log: Log): typeof EXIT_SYSTEM {
  const exitCode = exitCodeOf(error);
  if (exitCode !== EXIT_SYSTEM || !(error instanceof Error)) throw error;
  const { code, path } = error as ServerError | NodeJS.ErrnoException;
  log.error({ event: 'failed', code, path }, textOf(error));
  return exitCode;
}

/** The message of an error, with the flag that it is about as it was typed. */
export function messageOf(error: unknown, flagOf: (option: string) => string): string {
  if (error instanceof OptionsError) return `${flagOf(error.option)}: ${error.message}`;
  return error instanceof Error ? textOf(error) : String(error);
}

// Hardly ever is it the disk: a unit with ProtectSystem= sees most of what can be written as if it could not.
function textOf(error: Error): string {
  const { code, path: file } = error as NodeJS.ErrnoException;
  if (code !== 'EROFS' || file === undefined) return error.message;
  return (
    `${error.message}; if the hardening of a unit forbids it, allow ReadWritePaths=${path.dirname(file)} there, ` +
    'or start the socket unit that opens this socket'
  );
}
