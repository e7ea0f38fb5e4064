// Interrupts as they arrive: the peer's own doorbells, and who takes what is in them.
//
// The kernel is the queue: a ring stays in its doorbell's count until somebody takes it, so none is
// lost between two calls, and a doorbell that nobody wants is not even looked at.
//
// Rule 1: each interrupt is taken once: by the one who waits longest for its vector, else by the
//         listener, else by nobody yet.
// Rule 2: nothing is handed over but from the event loop, one vector a callback: a peer that rings
//         without end starves neither timers nor sockets.
import { drainEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { Watch } from '../../native/watch.js';
import { unknownVector } from './roster.js';

/** Rings of one vector that were taken together. */
export interface Interrupt {
  readonly vector: number;
  /** How many rings were merged: exact up to 2^53. */
  readonly count: number;
}

/** Somebody who waits for one interrupt. */
export interface Taker {
  /** The vectors it waits for; undefined: all. */
  readonly vectors: ReadonlySet<number> | undefined;
  take(interrupt: Interrupt): void;
}

/** Who gets what nobody waits for. */
export interface Listener {
  /** Asked before each interrupt: what nobody listens for stays in its doorbell. */
  isListening(): boolean;
  hear(interrupt: Interrupt): void;
}

interface Vector {
  readonly doorbell: Fd;
  watch: Watch | undefined;
}

const ACTIVE = { readable: true, writable: false };
const AT_REST = { readable: false, writable: false };

/** The interrupts of one peer. */
export class Inbox {
  readonly #vectors: Vector[] = [];
  // In the order of their asking.
  readonly #takers = new Set<Taker>();
  #listener: Listener | undefined;
  #next = 0;

  get vectors(): number {
    return this.#vectors.length;
  }

  /** These vectors as a set; undefined for all. Throws PeerError ERR_IVSHMEM_UNKNOWN_VECTOR. */
  select(id: number, vectors: readonly number[] | undefined): ReadonlySet<number> | undefined {
    const unknown = vectors?.find((vector) => this.#vectors[vector] === undefined);
    if (unknown !== undefined) throw unknownVector(id, unknown, this.#vectors.length);
    return vectors === undefined ? undefined : new Set(vectors);
  }

  /** The doorbell of the next vector, which stays the caller's and is closed after this inbox. */
  add(doorbell: Fd): void {
    this.#vectors.push({ doorbell, watch: undefined });
    const vector = this.#vectors.length - 1;
    if (this.#isWanted(vector)) this.#watch(vector);
  }

  /** Who gets what nobody waits for. To be called again when it listens again. */
  listen(listener: Listener): void {
    this.#listener = listener;
    this.#watchAll();
  }

  /** Hands the next interrupt to the taker, once. Returns what calls it off. */
  wait(taker: Taker): () => void {
    this.#takers.add(taker);
    if (taker.vectors) for (const vector of taker.vectors) this.#watch(vector);
    else this.#watchAll();
    return () => {
      this.#takers.delete(taker);
    };
  }

  /** Takes what is there now, of the next vector in turn that has something; undefined: nothing. */
  takeNow(vectors: ReadonlySet<number> | undefined): Interrupt | undefined {
    for (let left = this.#vectors.length; left > 0; left -= 1) {
      const vector = this.#next % this.#vectors.length;
      this.#next = vector + 1;
      const interrupt = vectors?.has(vector) === false ? undefined : this.#drain(vector);
      if (interrupt) return interrupt;
    }
    return undefined;
  }

  /** Ends all watches; nobody is handed anything any more. */
  close(): void {
    this.#takers.clear();
    this.#listener = undefined;
    for (const { watch } of this.#vectors) watch?.close();
    this.#vectors.length = 0;
  }

  #watchAll(): void {
    for (const vector of this.#vectors.keys()) this.#watch(vector);
  }

  #watch(vector: number): void {
    const entry = this.#vectors[vector];
    if (entry === undefined) return;
    if (entry.watch) entry.watch.update(ACTIVE);
    else entry.watch = new Watch(entry.doorbell, ACTIVE, () => this.#onRung(vector));
  }

  // A watch rests only when it brought something that nobody wants: who waits again and again does
  // not start and stop it each time.
  #onRung(vector: number): void {
    if (!this.#isWanted(vector)) {
      this.#vectors[vector]?.watch?.update(AT_REST);
      return;
    }
    const interrupt = this.#drain(vector);
    if (interrupt) this.#handOver(interrupt);
  }

  #handOver(interrupt: Interrupt): void {
    for (const taker of this.#takers) {
      if (taker.vectors?.has(interrupt.vector) === false) continue;
      this.#takers.delete(taker);
      taker.take(interrupt);
      return;
    }
    this.#listener?.hear(interrupt);
  }

  #isWanted(vector: number): boolean {
    if (this.#listener?.isListening() === true) return true;
    for (const { vectors } of this.#takers) if (vectors?.has(vector) !== false) return true;
    return false;
  }

  #drain(vector: number): Interrupt | undefined {
    const entry = this.#vectors[vector];
    const count = entry === undefined ? 0n : drainEventfd(entry.doorbell);
    return count === 0n ? undefined : { vector, count: Number(count) };
  }
}
