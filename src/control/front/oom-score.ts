// Whom the kernel ends when there is no memory left.
// https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html
import { readFileSync, writeFileSync } from 'node:fs';

const PATH = '/proc/self/oom_score_adj';
const SCORE = 500;

/** Has this process taken before VMs and servers, which inherit less; raising it is anybody's right. */
export function goFirstWithoutMemory(): void {
  try {
    if (Number(readFileSync(PATH, 'latin1')) < SCORE) writeFileSync(PATH, String(SCORE));
  } catch {
    // A /proc that cannot be written to: the front is no less useful for it.
  }
}
