// Names that are one check's alone, and what is to be undone at its end, in reverse.
import { readdirSync, rmSync } from 'node:fs';
import { temp, type Scope } from '../test/helper/temp.js';

let count = 0;

export class Place implements Scope {
  readonly directory: string;
  readonly socket: string;
  readonly pidFile: string;
  readonly shmName = `ivshmem-conformance-${process.pid}-${(count += 1)}`;
  readonly shmPath = `/dev/shm/${this.shmName}`;
  readonly #undo: (() => unknown)[] = [];

  constructor() {
    this.directory = temp(this);
    this.socket = `${this.directory}/s`;
    this.pidFile = `${this.directory}/pid`;
    this.teardown(() => this.#removeMemory());
  }

  teardown(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Undoes everything, the rest too where something throws; then throws the first of it. */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  // A lock file beside it, perhaps: all that begins with the name.
  #removeMemory(): void {
    for (const name of readdirSync('/dev/shm')) {
      if (name === this.shmName || name.startsWith(`${this.shmName}.`)) rmSync(`/dev/shm/${name}`);
    }
  }
}
