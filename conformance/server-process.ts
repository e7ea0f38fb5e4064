// One process of the server under test, in the foreground.
//
// Rule 1: an end that nobody asked for is a death, whatever its exit code.
import { readFileSync } from 'node:fs';
import { Child, type Exit } from '../test/helper/child.js';
import type { Scope } from '../test/helper/temp.js';

/** How and in what a server is started. */
export interface StartOptions {
  /** RLIMIT_NOFILE, soft and hard; else what Node has. */
  readonly fdLimit?: number;
  /** Octal, as a shell takes it. */
  readonly umask?: string;
}

/** The server has ended, and nobody had asked it to. */
export class Death extends Error {}

// Some write without end.
const KEPT = 1_000_000;

export class ServerProcess {
  readonly #child: Child;
  #stdout = '';
  #mayEnd = false;
  #hasSaidAll = false;

  constructor(
    t: Scope,
    argv: readonly string[],
    env: NodeJS.ProcessEnv,
    { fdLimit, umask }: StartOptions = {},
  ) {
    const shell = umask === undefined ? [] : ['sh', '-c', `umask ${umask}; exec "$@"`, 'sh'];
    this.#child = new Child(t, [...shell, ...argv], { fdLimit, env, keep: KEPT });
    void this.#child.exit.then(() => (this.#hasSaidAll = true));
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (this.#stdout.length < KEPT) this.#stdout += text;
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#child.stderr;
  }

  /** How it ended; undefined while it runs. */
  get end(): Omit<Exit, 'stderr'> | undefined {
    return this.#child.end;
  }

  /** Whether it has ended, and all it wrote was read; a daemon may hold that up for ever. */
  get hasSaidAll(): boolean {
    return this.#hasSaidAll;
  }

  /** Whether it has ended, or is about to: its sockets may be closed, and its parent not told yet. */
  get isEnding(): boolean {
    if (this.end !== undefined) return true;
    const PF_EXITING = 4;
    try {
      // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, behind the name: state, …, flags.
      const fields = readFileSync(`/proc/${this.pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      return fields[0] === 'Z' || (Number(fields[6]) & PF_EXITING) !== 0;
    } catch {
      return true;
    }
  }

  /** From now on its end is no death. */
  mayEnd(): void {
    this.#mayEnd = true;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** From now on its end is a death, as it is from the start. */
  mustLive(): void {
    this.#mayEnd = false;
  }

  /** Throws Death if it has ended unasked. */
  look(): void {
    if (this.end && !this.#mayEnd) throw new Death(describeEnd(this));
  }
}

/** `exit 0`, `SIGABRT`, for one that has ended. */
export function describeEnd({ end }: Pick<ServerProcess, 'end'>): string {
  return (
    end?.signal ?? (typeof end?.code === 'number' ? `exit ${end.code}` : 'it cannot be started')
  );
}
