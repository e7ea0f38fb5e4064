// A peer's other half, in a worker: the same memory, the same doorbells, and a busy wait for those who
// pay a processor for latency.
//
// Rule 1: it has descriptors of its own: whatever the peer does on the main thread, nothing here
//         breaks, and the other way round.
// Rule 2: the busy wait never blocks the main thread, ends by itself, and can be stopped.
import { isMainThread } from 'node:worker_threads';
import type { Mapping, MappedRange } from '../../native/mapping.js';
import { Inbox, type Interrupt } from './inbox.js';
import { closed, PeerError } from './peer-error.js';
import { openHandle, type OpenedHandle, type PeerHandle } from './peer-handle.js';
import { PeerMemory } from './peer-memory.js';
import { Roster } from './roster.js';
import { checkTimeout } from './waiting.js';

// Doorbells, not rounds of them: with 2,048 vectors 64 rounds would take 70 ms.
const LOOKS_BETWEEN_CLOCKS = 64;

const open = new Set<WorkerPeer>();

// The mappings of a worker are the process's. (A worker that is terminated does not come here.)
process.once('exit', () => {
  for (const peer of open) peer.close();
});

/** How to spin. */
export interface SpinOptions {
  /** The vectors to look at. Default: all. */
  readonly vectors?: readonly number[] | undefined;
  /** How long at most, in milliseconds. Default 1,000. */
  readonly timeoutMs?: number | undefined;
  /** Over a SharedArrayBuffer: whoever makes its first number other than 0 stops the wait. */
  readonly stop?: Int32Array | undefined;
}

/** In a worker: `using peer = WorkerPeer.open(handle)`. */
export class WorkerPeer implements Disposable {
  readonly id: number;
  readonly #memory: PeerMemory;
  readonly #roster: Roster;
  readonly #inbox = new Inbox();
  #isClosed = false;

  /**
   * Opens the handle of a peer, which has to be open at that moment (ERR_IVSHMEM_CLOSED otherwise).
   * Throws SystemError (EMFILE, ENOMEM); nothing is left open then.
   */
  static open(handle: PeerHandle): WorkerPeer {
    return new WorkerPeer(handle.id, openHandle(handle));
  }

  private constructor(id: number, { memory, doorbells }: OpenedHandle) {
    this.id = id;
    this.#memory = new PeerMemory(memory);
    this.#roster = new Roster(id);
    for (const [owner, fds] of doorbells) for (const fd of fds) this.#roster.add(owner, fd);
    for (const doorbell of this.#roster.doorbells(id)) this.#inbox.add(doorbell);
    open.add(this);
  }

  /** Its doorbells: 0 to `vectors` − 1. */
  get vectors(): number {
    return this.#inbox.vectors;
  }

  /** Who was there when the handle was made: ID → number of vectors. */
  get peers(): ReadonlyMap<number, number> {
    return this.#roster.others;
  }

  /** See Peer.memory: the same memory, mapped by this thread for itself. */
  get memory(): ArrayBuffer {
    return this.#memory.whole;
  }

  /** See Peer.map. */
  map(range: MappedRange): Mapping {
    return this.#memory.map(range);
  }

  /** See Peer.ring. Knows whom the handle knows. */
  ring(id: number, vector: number, times?: number): boolean {
    if (this.#isClosed) throw closed();
    return this.#roster.ring(id, vector, times);
  }

  /**
   * Waits for an interrupt without ever sleeping, with all of one processor: undefined when the time is
   * over or when it was stopped. It takes what the peer on the main thread does not take: let only one
   * of them wait for a vector. Throws PeerError ERR_IVSHMEM_MAIN_THREAD there, UNKNOWN_VECTOR, ARGUMENT.
   */
  spin({ vectors, timeoutMs = 1_000, stop }: SpinOptions = {}): Interrupt | undefined {
    if (this.#isClosed) throw closed();
    if (isMainThread) {
      const message =
        'a busy wait belongs into a worker: on the main thread nothing else would run';
      throw new PeerError('ERR_IVSHMEM_MAIN_THREAD', message);
    }
    checkTimeout(timeoutMs);
    const wanted = this.#inbox.select(this.id, vectors);
    const end = performance.now() + timeoutMs;
    const rounds = LOOKS_BETWEEN_CLOCKS / Math.max(1, wanted?.size ?? this.vectors);
    do {
      for (let round = 0; round < rounds; round += 1) {
        const interrupt = this.#inbox.takeNow(wanted);
        if (interrupt) return interrupt;
      }
    } while (performance.now() < end && (stop === undefined || Atomics.load(stop, 0) === 0));
    return undefined;
  }

  /**
   * Closes what it has; again does nothing. The peer on the main thread stays. A worker that ends closes
   * it; one that is terminated leaves its mappings of the memory, and the timer of its rings.
   */
  close(): void {
    this.#isClosed = true;
    open.delete(this);
    this.#inbox.close();
    this.#roster.close();
    this.#memory.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
