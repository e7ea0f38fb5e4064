// What the system knows of users and processes, looked up here so that nobody else waits for it.
//
// Rule 1: what a process calls itself is anybody's word: it is told as it is, and quoted by who prints it.
import { readProcFile } from '../../../native/proc-file.js';
import { userName } from '../../../native/user.js';

const NAMES_ARE_GOOD_MS = 60_000;

/** Names of users and processes. */
export class Details {
  readonly #users = new Map<number, string | undefined>();
  #sinceMs = performance.now();

  /** The name of a user; undefined: it has none. Looked up once a minute. */
  user(uid: number): string | undefined {
    if (performance.now() - this.#sinceMs > NAMES_ARE_GOOD_MS) {
      this.#users.clear();
      this.#sinceMs = performance.now();
    }
    if (!this.#users.has(uid)) this.#users.set(uid, userName(uid));
    return this.#users.get(uid);
  }

  /** What a process is called (`comm`); undefined: it cannot be seen, or is gone. */
  process(pid: number): string | undefined {
    // 0 is a process of another PID namespace.
    return pid === 0 ? undefined : readProcFile(`/proc/${pid}/comm`)?.replace(/\n$/, '');
  }
}
