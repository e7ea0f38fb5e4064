// What is to be undone at the end of a check, in reverse.
import type { Scope } from '../test/helper/temp.js';

export class Ending implements Scope {
  readonly #undo: (() => unknown)[] = [];

  teardown(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Undoes everything, the rest too where something throws; then throws the first of it. */
  async end(): Promise<void> {
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
}
