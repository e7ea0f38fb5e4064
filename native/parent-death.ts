// Ending with the process that started this one.
// https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
import { libc } from './libc.js';
import { check } from './system-error.js';

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/**
 * From now on the kernel kills this process when the parent ends, even if it is stopped. A change of user or
 * rights undoes that.
 */
export function dieWithParent(): void {
  check(libc.prctl(PR_SET_PDEATHSIG, SIGKILL), 'prctl');
}
