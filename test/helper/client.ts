// `ivshmem-client` as a process: what is typed, and what it says.
// Rule 1: a line that was said is found once: to ask again is to ask for the next one.
import { Child, type Exit } from './child.js';
import { ivshmemClient } from './command.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

export class Client {
  readonly child: Child;
  #said = '';
  #at = 0;

  /** Starts it; nothing is waited for. */
  constructor(t: Scope, args: readonly string[], argv: readonly string[] = ivshmemClient) {
    this.child = new Child(t, [...argv, ...args]);
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
  }

  /** Starts it; resolves when it has joined. */
  static async join(t: Scope, socket: string, flags: readonly string[] = []): Promise<Client> {
    const client = new Client(t, ['-S', socket, ...flags]);
    await client.says(/^joined as peer .*/m);
    return client;
  }

  /** Starts it on a terminal of 80 columns. */
  static onTerminal(t: Scope, args: readonly string[]): Client {
    const command = [...ivshmemClient, ...args].map((word) => `'${word}'`).join(' ');
    const shell = `stty columns 80 && exec ${command}`;
    return new Client(t, ['-qefc', shell, '/dev/null'], ['env', 'TERM=xterm', 'script']);
  }

  /** All of standard output until now. */
  get said(): string {
    return this.#said;
  }

  /** Types lines. */
  type(...lines: readonly string[]): void {
    for (const line of lines) this.child.stdin.write(`${line}\n`);
  }

  /** Presses keys. */
  key(keys: string): void {
    this.child.stdin.write(keys);
  }

  /** Resolves with what it says next that matches; what was said before that is done with. */
  async says(what: RegExp): Promise<string> {
    const match = await until(`${what.source} in ${JSON.stringify(this.#said)}`, () => {
      const found = what.exec(this.#said.slice(this.#at));
      if (found === null && !this.child.alive) throw new Error(`it ended: ${this.child.stderr}`);
      return found ?? false;
    });
    this.#at += match.index + match[0].length;
    return match[0];
  }

  /** Ends its input, and waits for its end. */
  end(): Promise<Exit> {
    this.child.stdin.end();
    return this.child.exit;
  }
}
