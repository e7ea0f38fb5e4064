// What all peers of a region received, side by side: a doorbell has to be the same eventfd in every
// hand, the memory the same object. A swapped one would have VMs ring the wrong VM.
import { fstatSync } from 'node:fs';
import { inspectEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';

/** One region's descriptors by what the kernel calls them. */
export class Ledger {
  readonly #looksAtOneIn: number;
  #seen = 0;
  readonly #doorbells = new Map<string, number>();
  #memory: number | undefined;

  /** To look at a doorbell takes longer than to receive it: a crowd looks at one in so many. */
  constructor({ looksAtOneIn = 1 }: { readonly looksAtOneIn?: number } = {}) {
    this.#looksAtOneIn = looksAtOneIn;
  }

  /** Somebody received this doorbell. Throws when another got a different eventfd in its name. */
  doorbell(id: number, vector: number, fd: Fd): void {
    const key = `${id}.${vector}`;
    const known = this.#doorbells.get(key);
    this.#seen += 1;
    if (known !== undefined && this.#seen % this.#looksAtOneIn > 0) return;
    const eventfd = inspectEventfd(fd).id;
    this.#doorbells.set(key, eventfd);
    if (known === undefined || known === eventfd) return;
    throw new Error(`doorbell ${key} is eventfd ${known} for one and ${eventfd} for another`);
  }

  /** This ID has another owner from now on, and nobody is there who was told of the one before. */
  forget(id: number): void {
    for (const key of this.#doorbells.keys())
      if (key.startsWith(`${id}.`)) this.#doorbells.delete(key);
  }

  /** Somebody received the memory. Throws when another got a different one. */
  memory(fd: Fd): void {
    const { ino } = fstatSync(fd.rawFd);
    this.#memory ??= ino;
    if (this.#memory !== ino) throw new Error('two peers have different memories');
  }
}
