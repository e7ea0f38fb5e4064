// `ivshmem-server` as a daemon, or not: every name is the test's, and it ends with the test.
// Rule 1: a daemon is signalled by the ID in its pid file only.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { Child } from './child.js';
import { ivshmemServer, run, type Ended } from './command.js';
import { isListening, isRunning } from './look.js';
import { temp, type Scope } from './temp.js';
import { until } from './until.js';

let count = 0;

export class DaemonProcess {
  readonly directory: string;
  readonly socket: string;
  readonly pidFile: string;
  readonly shmName = `ivshmem-test-daemon-${process.pid}-${(count += 1)}`;
  readonly shmPath = `/dev/shm/${this.shmName}`;
  readonly #t: Scope;

  /** Only names; nothing is started. */
  constructor(t: Scope) {
    this.#t = t;
    this.directory = temp(t);
    this.socket = `${this.directory}/s`;
    this.pidFile = `${this.directory}/pid`;
    t.teardown(async () => {
      await this.end('SIGKILL');
      rmSync(this.shmPath, { force: true });
      rmSync(`${this.shmPath}.lock`, { force: true });
    });
  }

  /** The flags that give it its names. */
  get names(): string[] {
    return ['-S', this.socket, '-p', this.pidFile, '-M', this.shmName];
  }

  /** Runs the command with its names and these flags; `before` goes before the command. */
  start(flags: readonly string[] = [], before: readonly string[] = []): Promise<Ended> {
    return run(this.#t, [...before, ...ivshmemServer, ...this.names, ...flags]);
  }

  /** The same for a daemon that serves: gives what its start said; throws when it fails. */
  async background(flags?: readonly string[], before?: readonly string[]): Promise<string> {
    const { code, stderr } = await this.start(flags, before);
    if (code !== 0) throw new Error(`the start ended with ${code}:\n${stderr}`);
    return stderr;
  }

  /** The same in the foreground, with -F: resolves when it serves. It has no pid file. */
  async foreground(flags: readonly string[] = []): Promise<Child> {
    const child = new Child(this.#t, [...ivshmemServer, ...this.names, '-F', ...flags]);
    await until('the server serves or ends', () => isListening(this.socket) || !child.alive);
    if (child.alive) return child;
    throw new Error(`the server ended:\n${(await child.exit).stderr}`);
  }

  /** What the pid file says; undefined when there is none. */
  get pid(): number | undefined {
    if (!existsSync(this.pidFile)) return undefined;
    return Number(readFileSync(this.pidFile, 'latin1'));
  }

  /** Whether the process that the pid file names lives. */
  get isAlive(): boolean {
    const { pid } = this;
    return pid !== undefined && isRunning(pid);
  }

  /** Sends a signal, if it lives, and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const { pid } = this;
    if (pid === undefined || !isRunning(pid)) return;
    process.kill(pid, signal);
    await until(`the end of the daemon ${pid}`, () => !isRunning(pid));
  }
}

/** Asks a server to end, and gives its log; throws when it ends otherwise. */
export async function endOf(child: Child): Promise<string> {
  child.kill('SIGTERM');
  const { code, stderr } = await child.exit;
  if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}`);
  return stderr;
}
