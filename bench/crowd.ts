// Many peers in one process: bench/load.c, that fails at the first message that would harm a QEMU.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

type LoadProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** What one command took. */
export interface Taken {
  readonly wallNs: number;
  readonly messages: number;
}

/** Peers that come, read, stop and go on at command. `await using crowd = new Crowd(…)`. */
export class Crowd implements AsyncDisposable {
  readonly #process: LoadProcess;
  readonly #answers: AsyncIterator<string>;
  #complaint = '';

  /** `program`: compiled from load.c. */
  constructor(program: string, socket: string, vectors: number) {
    this.#process = spawn(program, [socket, String(vectors)], { stdio: 'pipe' });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text;
    });
    // Its end shows in its answers.
    this.#process.stdin.on('error', () => undefined);
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** So many connect, and all who are not stopped read until they know exactly who is there. */
  join(count: number): Promise<Taken> {
    return this.#command(`join ${count}`);
  }

  /** All who are not stopped read until they know exactly who is there. */
  settle(): Promise<Taken> {
    return this.#command('settle');
  }

  /** Peers, numbered as they connected, from `from` to before `to` hang up. */
  leave(from: number, to: number): Promise<Taken> {
    return this.#command(`leave ${from} ${to}`);
  }

  /** They read nothing more. */
  stop(from: number, to: number): Promise<Taken> {
    return this.#command(`stop ${from} ${to}`);
  }

  /** They read again. */
  go(from: number, to: number): Promise<Taken> {
    return this.#command(`go ${from} ${to}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const end = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await end;
  }

  async #command(text: string): Promise<Taken> {
    this.#process.stdin.write(`${text}\n`);
    const answer = await this.#answers.next();
    const [, wallNs, messages] = answer.done ? [] : answer.value.split(' ');
    if (messages === undefined) throw new Error(`${text}: ${await this.#reason()}`);
    return { wallNs: Number(wallNs), messages: Number(messages) };
  }

  async #reason(): Promise<string> {
    await once(this.#process, 'close');
    return this.#complaint.trim() || 'it ended without a reason';
  }
}
