// Which descriptors the service manager says that it has passed, and what it calls them.
// https://man7.org/linux/man-pages/man3/sd_listen_fds.3.html
//
// Rule 1: they are for the process of LISTEN_PID alone: in another's environment the variables are an
//         inheritance, and nothing was passed.
// Rule 2: the variables are taken out in any case: no program that we start is to take them for its own.
import { EnvironmentError } from './environment-error.js';

const FIRST_FD = 3; // SD_LISTEN_FDS_START
const MOST = 1_024;
const UNNAMED = 'unknown'; // as sd_listen_fds_with_names calls it

/** A descriptor by its number, and its name. */
export interface PassedDescriptor {
  readonly rawFd: number;
  readonly name: string;
}

/** Takes the variables out of `env`. Throws EnvironmentError where they make no sense. */
export function takePassed(env: NodeJS.ProcessEnv): PassedDescriptor[] {
  const pid = take(env, 'LISTEN_PID');
  const count = take(env, 'LISTEN_FDS');
  const names = take(env, 'LISTEN_FDNAMES');
  take(env, 'LISTEN_PIDFDID'); // the same of newer systemds, for who can tell a process by it
  if (pid === undefined || count === undefined) return [];
  if (wholeNumber('LISTEN_PID', pid, Infinity) !== process.pid) return [];
  return named(wholeNumber('LISTEN_FDS', count, MOST), names);
}

function named(count: number, names: string | undefined): PassedDescriptor[] {
  const list = names?.split(':') ?? [];
  if (names !== undefined && list.length !== count && count > 0)
    throw new EnvironmentError(
      'LISTEN_FDNAMES',
      `${list.length} names for ${count} descriptors; needed: one for each, with a colon between them`,
    );
  return Array.from({ length: count }, (_, index) => ({
    rawFd: FIRST_FD + index,
    name: list[index] ?? UNNAMED,
  }));
}

function wholeNumber(variable: string, text: string, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value <= most) return value;
  const range = most === Infinity ? 'a process ID' : `0–${most}`;
  throw new EnvironmentError(variable, `'${text}' is not ${range}`);
}

function take(env: NodeJS.ProcessEnv, variable: string): string | undefined {
  const value = env[variable];
  Reflect.deleteProperty(env, variable);
  return value;
}
