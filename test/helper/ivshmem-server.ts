// The command `ivshmem-server` as a daemon, started as scripts for QEMU's example server do.
// Rule 1: the daemon is nobody's child; it is signalled by the ID in its pid file, and is gone at the
//   test's end with its memory.
// Rule 2: whether it runs is asked of /proc: where nobody reaps it, a dead one still has its ID.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child, type Exit } from './child.js';
import { temp, type Scope } from './temp.js';
import { until } from './until.js';

const command = fileURLToPath(new URL('../../src/cli/ivshmem-server.js', import.meta.url));

/** Where a daemon has what is its own. */
export interface Names {
  readonly socket: string;
  /** Under /dev/shm. */
  readonly shm: string;
  readonly pidFile: string;
}

let count = 0;

/** Names that no other test uses; what is left of them goes when the test ends. */
export function names(t: Scope): Names {
  const directory = temp(t);
  count += 1;
  const shm = `ivshmem-test-${process.pid}-${count}`;
  t.teardown(() => {
    for (const file of [shm, `${shm}.lock`]) rmSync(`/dev/shm/${file}`, { force: true });
  });
  return { socket: `${directory}/s`, shm, pidFile: `${directory}/pid` };
}

/** Runs the command to its end, which for a daemon that serves is its parent's. */
export function run(
  t: Scope,
  { socket, shm, pidFile }: Names,
  { args = [], fdLimit }: { readonly args?: readonly string[]; readonly fdLimit?: number } = {},
): Promise<Exit> {
  const argv = [process.execPath, command, '-S', socket, '-M', shm, '-p', pidFile, ...args];
  return new Child(t, argv, { fdLimit }).exit;
}

export class IvshmemServer {
  readonly names: Names;
  /** What the start said. */
  readonly stderr: string;
  readonly #pid: number;

  private constructor(names: Names, stderr: string) {
    this.names = names;
    this.stderr = stderr;
    this.#pid = Number(readFileSync(names.pidFile, 'latin1'));
  }

  /** Starts a daemon; rejects with its reason when it fails. */
  static async start(
    t: Scope,
    names: Names,
    options?: { readonly args?: readonly string[]; readonly fdLimit?: number },
  ): Promise<IvshmemServer> {
    const { code, stderr } = await run(t, names, options);
    if (code !== 0) throw new Error(`ivshmem-server ended with ${code}: ${stderr}`);
    const server = new IvshmemServer(names, stderr);
    t.teardown(() => server.end('SIGKILL'));
    return server;
  }

  get isAlive(): boolean {
    return existsSync(`/proc/${this.#pid}/exe`);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.isAlive) process.kill(this.#pid, signal);
    await until(`the daemon ends on ${signal}`, () => !this.isAlive);
  }
}
