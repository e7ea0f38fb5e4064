// Where a conversation takes place: lines in, lines out.
//
// Rule 1: only to a terminal is there a prompt; anything else is read line by line and written as it is.
// Rule 2: to write never blocks the process. Who has much to say waits until it is taken.
// Rule 3: output that was lost once is lost: what comes out later would have a hole.
import { createInterface, type Interface } from 'node:readline';
import { BoundedOutput } from '../bounded-output.js';
import { TerminalScreen } from './terminal-screen.js';

/** Both ends of a conversation. */
export interface Screen {
  /** Whether a person sits there. */
  readonly isTerminal: boolean;
  /** What is typed, until the end of input, lost output, or `close`. Throws when it cannot be read (EIO). */
  readonly lines: AsyncIterable<string>;
  /** A line on standard output. */
  say(line: string): void;
  /** What was wrong with the line that came last, on standard error. */
  complain(message: string): void;
  /** Resolves when all is taken, or lost. */
  taken(): Promise<void>;
  /** Why output is lost (EPIPE, ENOSPC). */
  readonly failure: Error | undefined;
  /** Ends the lines, and gives who reads a last chance, at most half a second. */
  close(): Promise<void>;
}

const LAST_CHANCE_MS = 500;

/** The standard streams. */
export function openScreen(command: string): Screen {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  return isTerminal ? new TerminalScreen('ivshmem> ') : new PipeScreen(command);
}

class PipeScreen implements Screen {
  readonly isTerminal = false;
  readonly #command: string;
  readonly #input: Interface;
  readonly #errors = new BoundedOutput(2);
  readonly #output = new BoundedOutput(1, (lines) => {
    this.#errors.write(`${this.#command}: ${lines} lines were dropped: nobody took them\n`);
  });
  #count = 0;
  #failure: Error | undefined;

  constructor(command: string) {
    this.#command = command;
    this.#input = createInterface({ input: process.stdin, crlfDelay: Infinity, terminal: false });
  }

  get lines(): AsyncIterable<string> {
    return this.#read();
  }

  say(line: string): void {
    this.#output.write(`${line}\n`);
    this.#endIfLost();
  }

  complain(message: string): void {
    this.#errors.write(`${this.#command}: line ${this.#count}: ${message}\n`);
  }

  async taken(): Promise<void> {
    await this.#output.flush(Infinity);
    await this.#errors.flush(Infinity);
    this.#endIfLost();
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  async close(): Promise<void> {
    this.#input.close();
    await this.#output.flush(LAST_CHANCE_MS);
    await this.#errors.flush(LAST_CHANCE_MS);
  }

  async *#read(): AsyncIterable<string> {
    // Node's iteration over lines that were closed before it began never ends.
    if (this.#failure) return;
    for await (const line of this.#input) {
      this.#count += 1;
      yield line;
    }
  }

  // Nobody would hear the answers: no more questions.
  #endIfLost(): void {
    this.#failure ??= this.#output.failure;
    if (this.#failure) this.#input.close();
  }
}
