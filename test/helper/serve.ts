// The command `ivshmem serve` as a process of its own, for tests in which the server dies or prints.
// Rule 1: when it accepts connections it says so itself (--ready-fd); nothing is guessed by connecting,
//   for to connect is to join.
// Rule 2: stdout is what a person reads, stderr the log: JSON, one object a line.
import { fileURLToPath } from 'node:url';
import { Child, type Exit } from './child.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

/** One line of the log. */
export interface LogLine {
  readonly event?: string;
  readonly msg?: string;
  readonly [key: string]: unknown;
}

/** Where a server runs. */
export interface ServeOptions {
  /** RLIMIT_NOFILE. */
  readonly fdLimit?: number;
  /** A command that becomes the server: one that enters other namespaces. */
  readonly within?: readonly string[];
}

const command = fileURLToPath(new URL('../../src/cli/ivshmem.js', import.meta.url));

export class Serve {
  readonly #child: Child;
  #stdout = '';
  #ready = '';

  private constructor(
    t: Scope,
    args: readonly string[],
    { fdLimit, within = [] }: ServeOptions = {},
  ) {
    const argv = [
      ...within,
      process.execPath,
      command,
      'serve',
      '--ready-fd',
      '3',
      '--log-format',
      'json',
    ];
    this.#child = new Child(t, [...argv, ...args], { ready: true, fdLimit });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#child.ready.setEncoding('utf8').on('data', (text: string) => (this.#ready += text));
  }

  /** Starts a server; resolves when it accepts connections, rejects with its log when it ends instead. */
  static async start(
    t: Scope,
    args: readonly string[],
    options: ServeOptions = {},
  ): Promise<Serve> {
    const serve = new Serve(t, args, options);
    await until('the server is ready or ends', () => serve.#ready === 'ready\n' || !serve.alive);
    if (serve.alive) return serve;
    const { code, stderr } = await serve.exit;
    throw new Error(`the server ended with ${code} before it was ready:\n${stderr}`);
  }

  /** Runs a server that is to fail at the start, and gives its end. */
  static async fail(t: Scope, args: readonly string[]): Promise<Exit> {
    const serve = new Serve(t, args);
    await until('the server ends or is ready', () => !serve.alive || serve.#ready !== '');
    if (serve.alive) serve.kill('SIGKILL');
    return serve.exit;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#child.alive;
  }

  /** Resolves when it has ended and all its output was read. */
  get exit(): Promise<Exit> {
    return this.#child.exit;
  }

  /** What it told the person who started it, until now. */
  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#child.stderr;
  }

  /** The log's lines of one event, until now. */
  logged(event: string): LogLine[] {
    const lines = this.stderr.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as LogLine).filter((line) => line.event === event);
  }

  /** Takes no more of its log. */
  ignoreLog(): void {
    this.#child.ignoreStderr();
  }

  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    this.kill(signal);
    return this.exit;
  }
}
