// QEMU's qtest protocol: one command a line on stdin, one line `OK [value]` back.
// It stands in for a guest: it reads and writes ports and physical memory while the CPU never runs.
// Rule 1: commands are answered in order, so many may be on their way.
// Rule 2: a command fails when QEMU ends, with QEMU's own words; or when it is silent past the deadline.
// Rule 3: nothing here knows of ivshmem.

import { createInterface } from 'node:readline';
import type { Child } from './child.js';
import { deadlineMs } from './until.js';

interface Waiting {
  readonly command: string;
  readonly resolve: (value: string) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class Qtest {
  readonly #child: Child;
  readonly #waiting: Waiting[] = [];

  constructor(child: Child) {
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#answer(line);
    });
    void child.exit.then(() => {
      for (const waiting of this.#waiting.splice(0)) this.#fail(waiting, 'ended');
    });
  }

  /** Sends a command and gives what follows `OK`. */
  command(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#fail(waiting, 'was silent');
      }, deadlineMs);
      const waiting: Waiting = { command, resolve, reject, timer };
      if (!this.#child.alive) {
        this.#fail(waiting, 'had ended');
        return;
      }
      this.#waiting.push(waiting);
      this.#child.stdin.write(`${command}\n`);
    });
  }

  /** Reads a 32-bit number from memory, or with `in` from a port. */
  async read(address: number, kind: 'read' | 'in' = 'read'): Promise<number> {
    return Number(await this.command(`${kind}l ${hex(address)}`));
  }

  /** Writes a 32-bit number to memory, or with `out` to a port. */
  async write(address: number, value: number, kind: 'write' | 'out' = 'write'): Promise<void> {
    await this.command(`${kind}l ${hex(address)} ${hex(value)}`);
  }

  async readBytes(address: number, length: number): Promise<Buffer> {
    return Buffer.from(await this.command(`b64read ${hex(address)} ${hex(length)}`), 'base64');
  }

  async writeBytes(address: number, bytes: Buffer): Promise<void> {
    await this.command(`b64write ${hex(address)} ${hex(bytes.length)} ${bytes.toString('base64')}`);
  }

  #answer(line: string): void {
    const [word, value = ''] = line.split(' ');
    if (word === 'IRQ') return;
    const waiting = this.#waiting.shift();
    if (!waiting) return;
    if (word !== 'OK') {
      this.#fail(waiting, `answered ${line}`);
      return;
    }
    clearTimeout(waiting.timer);
    waiting.resolve(value);
  }

  #fail({ command, reject, timer }: Waiting, how: string): void {
    clearTimeout(timer);
    const { pid, stderr } = this.#child;
    const shown = command.length > 80 ? `${command.slice(0, 80)}…` : command;
    reject(new Error(`QEMU (PID ${pid}) ${how}, asked: ${shown}\n${stderr}`));
  }
}

const hex = (number: number): string => `0x${number.toString(16)}`;
