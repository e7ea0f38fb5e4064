// A conversation with a person: a prompt, a line that can be edited, a history.
//
// Rule 1: what is printed while somebody types goes above the line, which is then as it was.
import { clearScreenDown, createInterface, cursorTo, moveCursor } from 'node:readline';
import type { Screen } from './screen.js';

/** Standard input and output are a terminal. */
export class TerminalScreen implements Screen {
  readonly isTerminal = true;
  readonly failure = undefined;
  readonly #input;
  #isOpen = true;
  // Whether the cursor is behind a prompt.
  #isPrompting = false;

  constructor(prompt: string) {
    this.#input = createInterface({ input: process.stdin, output: process.stdout, prompt });
    this.#input.once('close', () => {
      if (this.#isPrompting) process.stdout.write('\n');
      this.#isOpen = false;
      this.#isPrompting = false;
    });
    this.#input.on('line', () => {
      this.#isPrompting = false;
    });
  }

  get lines(): AsyncIterable<string> {
    return this.#read();
  }

  say(line: string): void {
    this.#printAbove(process.stdout, line);
  }

  complain(message: string): void {
    this.#printAbove(process.stderr, message);
  }

  taken(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#input.close();
    return Promise.resolve();
  }

  async *#read(): AsyncIterable<string> {
    this.#prompt();
    for await (const line of this.#input) {
      yield line;
      this.#prompt();
    }
  }

  #prompt(): void {
    if (!this.#isOpen) return;
    this.#isPrompting = true;
    this.#input.prompt(true);
  }

  #printAbove(stream: NodeJS.WriteStream, line: string): void {
    const { stdout } = process;
    const wasPrompting = this.#isPrompting;
    if (wasPrompting) {
      // The line may have been wrapped.
      moveCursor(stdout, 0, -this.#input.getCursorPos().rows);
      cursorTo(stdout, 0);
      clearScreenDown(stdout);
    }
    stream.write(`${line}\n`);
    if (wasPrompting) this.#prompt();
  }
}
