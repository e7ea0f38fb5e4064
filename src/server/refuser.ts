// Telling a connection that it is refused, and ending it once it has been told.
//
// Rule 1: never end a connection that was told nothing: QEMU spins on it for ever. When the kernel
//         lacks something just then, try again a little later.
import type { Fd } from '../../native/fd.js';
import { MessageBatch } from '../../native/message-batch.js';
import { SystemError } from '../../native/system-error.js';
import { goneFor } from './connection.js';

const PAUSE_MS = 10;

/** Sends refusals. */
export class Refuser {
  readonly #batch = new MessageBatch(1);
  readonly #pending = new Map<Fd, number>();
  #timer: NodeJS.Timeout | undefined;

  /** Refuses with this version (a negative errno) and closes the socket, which it owns from now on. */
  refuse(socket: Fd, version: number): void {
    if (this.#tell(socket, version)) socket.close();
    else this.#retryLater(socket, version);
  }

  get isDone(): boolean {
    return this.#pending.size === 0;
  }

  /** Ends those that could not be told. */
  close(): void {
    clearTimeout(this.#timer);
    for (const socket of this.#pending.keys()) socket.close();
    this.#pending.clear();
  }

  // Whether it is told, or is no longer there to be told.
  #tell(socket: Fd, version: number): boolean {
    try {
      this.#batch.clear();
      this.#batch.addNumber(version);
      return this.#batch.send(socket) === 1;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return goneFor(socket) !== undefined;
    }
  }

  #retryLater(socket: Fd, version: number): void {
    this.#pending.set(socket, version);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const again = [...this.#pending];
      this.#pending.clear();
      for (const [fd, number] of again) this.refuse(fd, number);
    }, PAUSE_MS);
  }
}
