// A program that a test starts: QEMU, our own server.
// Rule 1: it never outlives the test. It is killed at the test's end, and by the kernel should the test die first.
// Rule 2: it is signalled by its own process ID only, and never once it was reaped.
// Rule 3: what it wrote to stderr is kept, and is part of every error about it.

import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Scope } from './temp.js';

/** How a program ended; `code` is null where a signal ended it, both are null where it could not be started. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface ChildOptions {
  /** RLIMIT_NOFILE, soft and hard; without it what Node has. */
  readonly fdLimit?: number | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** How much of what it writes to stderr is kept, in characters, from the start. Default all. */
  readonly keep?: number | undefined;
  /** Also opens descriptor 3 for writing to us. */
  readonly ready?: boolean | undefined;
}

const STREAMS_MAY_TAKE_MS = 1_000;

export class Child {
  /** Resolves when the program has ended and all its output was read; never rejects. */
  readonly exit: Promise<Exit>;
  readonly #process: ChildProcess;
  #stderr = '';
  #end: Omit<Exit, 'stderr'> | undefined;

  /** Starts `argv[0]`, found in PATH, with standard streams as pipes. */
  constructor(
    t: Scope,
    argv: readonly string[],
    { fdLimit, env, ready, keep = Infinity }: ChildOptions = {},
  ) {
    // Both exec in their own place: the process ID stays that of the program.
    const limit = fdLimit === undefined ? [] : ['prlimit', `--nofile=${fdLimit}:${fdLimit}`];
    const [command, ...args] = ['setpriv', '--pdeathsig', 'KILL', ...limit, ...argv];
    this.#process = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe', ready ? 'pipe' : 'ignore'],
      env,
    });
    // EPIPE: the program has gone, which `exit` tells better.
    this.stdin.on('error', () => undefined);
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (this.#stderr.length < keep) this.#stderr += text;
    });
    this.exit = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => (this.#end = { code, signal }));
      this.#process.once('close', (code, signal) => {
        resolve({ code, signal, stderr: this.#stderr });
      });
      this.#process.once('error', (error) => {
        this.#end = { code: null, signal: null };
        resolve({ code: null, signal: null, stderr: error.message });
      });
    });
    t.teardown(async () => {
      this.kill('SIGKILL');
      // Whom it left behind may have its streams for ever.
      const giveUp = setTimeout(() => {
        for (const stream of this.#process.stdio) stream?.destroy();
      }, STREAMS_MAY_TAKE_MS);
      await this.exit;
      clearTimeout(giveUp);
    });
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error('the program was not started');
    return pid;
  }

  /** Reads no more of what it writes to stderr. */
  ignoreStderr(): void {
    this.#process.stderr?.pause();
  }

  get stdin(): Writable {
    return this.#stream(0) as Writable;
  }

  get stdout(): Readable {
    return this.#stream(1) as Readable;
  }

  /** Descriptor 3 of the program, for programs started with `ready`. */
  get ready(): Readable {
    return this.#stream(3) as Readable;
  }

  /** What it wrote to stderr until now. */
  get stderr(): string {
    return this.#stderr;
  }

  /** True until the program has ended; a stopped one is alive. */
  get alive(): boolean {
    return this.#end === undefined;
  }

  /** How it ended, once it has, be its streams still somebody's or not. */
  get end(): Omit<Exit, 'stderr'> | undefined {
    return this.#end;
  }

  /** Sends a signal; does nothing when the program has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.alive) this.#process.kill(signal);
  }

  #stream(index: 0 | 1 | 3): Readable | Writable {
    const stream = this.#process.stdio[index];
    if (!stream) throw new Error(`descriptor ${index} of the program is not a pipe to us`);
    return stream;
  }
}
