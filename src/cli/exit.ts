// How a command ends, for scripts and for people.
//
// Rule 1: exit codes: 0 asked to stop, 1 the system does not allow it as it is, 2 called wrongly,
//         the configuration file, what the service manager passes and what is not installed included: what
//         another start does not right, a service manager is not to try again.
// Rule 2: an error that is none of the known ones is a bug: it ends the process, loudly.
import { isSystemError } from '../../native/system-error.js';
import { EnvironmentError } from '../control/environment-error.js';
import { MissingPackageError } from '../control/missing-package-error.js';
import { PeerError } from '../peer/peer-error.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { OptionsError, ServerError } from '../server/error.js';
import { ConfigError } from './config/config-error.js';

export const EXIT_OK = 0;
export const EXIT_SYSTEM = 1;
export const EXIT_USAGE = 2;

/** The command line makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The system does not allow it as it is, or the answer is no; the message is what people read. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** The exit code of a known error; throws any other. */
export function exitCodeOf(error: unknown): typeof EXIT_SYSTEM | typeof EXIT_USAGE {
  if (error instanceof UsageError || error instanceof OptionsError) return EXIT_USAGE;
  if (error instanceof ConfigError || error instanceof EnvironmentError) return EXIT_USAGE;
  if (error instanceof MissingPackageError) return EXIT_USAGE;
  if (error instanceof ServerError || error instanceof CommandError) return EXIT_SYSTEM;
  if (error instanceof PeerError || error instanceof ProtocolError) return EXIT_SYSTEM;
  if (isSystemError(error)) return EXIT_SYSTEM;
  throw error;
}
