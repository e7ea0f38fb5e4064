// How often the service manager wants to hear that we are alive.
// https://man7.org/linux/man-pages/man3/sd_watchdog_enabled.3.html
//
// Rule 1: the variables are taken out in any case: no program that we start is to take them for its own.
import { EnvironmentError } from './environment-error.js';

const MOST_MS = 2 ** 31 - 1; // of a timer

/**
 * Half the period, 1 ms at least; undefined where nobody watches, or watches another process. Throws
 * EnvironmentError for a period that is none.
 */
export function takeWatchdogInterval(env: NodeJS.ProcessEnv): number | undefined {
  const { WATCHDOG_USEC: period, WATCHDOG_PID: pid } = env;
  Reflect.deleteProperty(env, 'WATCHDOG_USEC');
  Reflect.deleteProperty(env, 'WATCHDOG_PID');
  if (period === undefined) return undefined;
  const microseconds = number('WATCHDOG_USEC', period, 'microseconds');
  if (pid !== undefined && number('WATCHDOG_PID', pid, 'a process ID') !== process.pid) {
    return undefined;
  }
  return Math.min(MOST_MS, Math.max(1, Math.floor(microseconds / 2_000)));
}

function number(variable: string, text: string, what: string): number {
  if (/^\d{1,20}$/.test(text) && Number(text) > 0) return Number(text);
  throw new EnvironmentError(variable, `'${text}' is not ${what}, 1 or more; there is no watchdog`);
}
