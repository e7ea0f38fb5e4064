// `ivshmem peer …` as programs: one that runs to its end, and one that stays until it is stopped.
import { Child, type Exit } from './child.js';
import { ivshmem, run, type Ended } from './command.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

/** Runs a command to its end; `words` are what stands after `ivshmem peer`, but for `--socket`. */
export function runPeer(t: Scope, socket: string, ...words: string[]): Promise<Ended> {
  return run(t, peerArgv(socket, ...words));
}

/** What to start for such a command. */
export function peerArgv(socket: string, ...[name = '', ...words]: string[]): string[] {
  return [...ivshmem, 'peer', name, '--socket', socket, ...words];
}

/** A command that goes on; its output is kept. */
export class StayingPeer {
  readonly #child: Child;
  #stdout = '';

  constructor(t: Scope, socket: string, ...words: string[]) {
    this.#child = new Child(t, peerArgv(socket, ...words));
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
  }

  /** The lines that it printed until now. */
  get lines(): string[] {
    return this.#stdout.split('\n').slice(0, -1);
  }

  /** What it said to people until now. */
  get stderr(): string {
    return this.#child.stderr;
  }

  /** Resolves when it has ended and all its output was read. */
  get exit(): Promise<Exit> {
    return this.#child.exit;
  }

  /** Resolves with what it says to people when it is ready: its first line on stderr. */
  async ready(): Promise<string> {
    const line = (): string | undefined => /^(.*)\n/.exec(this.#child.stderr)?.[1];
    const said = await until('the command is ready or ends', () => line() ?? !this.#child.alive);
    if (typeof said === 'string') return said;
    throw new Error(`the command ended: ${this.#child.stderr}`);
  }

  /** Resolves when it has printed so many lines. */
  async printed(count: number): Promise<string[]> {
    await until(`${count} lines`, () => this.lines.length >= count);
    return this.lines;
  }

  /** Reads no more of what it prints. */
  hangUp(): void {
    this.#child.stdout.destroy();
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal);
    return this.exit;
  }
}
