// Who is there, as one peer was told: the doorbells of each peer, its own included.
//
// Rule 1: it owns the doorbells; the departure of a peer closes that peer's.
import { ringEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { PeerError } from './peer-error.js';
import { Departures, type PeerHandle } from './peer-handle.js';

/** Doorbells by peer ID. */
export class Roster {
  readonly #doorbells = new Map<number, Fd[]>();
  readonly #others = new Map<number, number>();
  readonly #ownId: number;
  // From the first handle on: before it nobody looks at the marks.
  #departures: Departures | undefined;

  constructor(ownId: number) {
    this.#ownId = ownId;
  }

  /** The other peers: ID → number of vectors told so far. Live. */
  get others(): ReadonlyMap<number, number> {
    return this.#others;
  }

  /** A peer's doorbells, by vector; none for a peer that is not there. */
  doorbells(id: number): readonly Fd[] {
    return this.#doorbells.get(id) ?? [];
  }

  /** All doorbells as plain data, and the marks of those who leave. */
  get handle(): Omit<PeerHandle, 'memory'> {
    const departures = (this.#departures ??= new Departures());
    const doorbells = [...this.#doorbells].map(
      ([id, fds]) => [id, fds.map(({ rawFd }) => rawFd), departures.of(id)] as const,
    );
    return { id: this.#ownId, doorbells, departures: departures.counts };
  }

  /** Takes the doorbell of a peer's next vector. */
  add(id: number, doorbell: Fd): void {
    const doorbells = this.#doorbells.get(id) ?? [];
    doorbells.push(doorbell);
    this.#doorbells.set(id, doorbells);
    if (id !== this.#ownId) this.#others.set(id, doorbells.length);
  }

  /** Closes a peer's doorbells. */
  remove(id: number): void {
    this.#departures?.add(id);
    for (const fd of this.doorbells(id)) fd.close();
    this.#doorbells.delete(id);
    this.#others.delete(id);
  }

  /** See Peer.ring. */
  ring(id: number, vector: number, times?: number): boolean {
    const doorbells = this.#doorbells.get(id);
    if (doorbells === undefined) {
      throw new PeerError('ERR_IVSHMEM_UNKNOWN_PEER', `peer ${id} is not there`);
    }
    const doorbell = doorbells[vector];
    if (doorbell === undefined) throw unknownVector(id, vector, doorbells.length);
    return ringEventfd(doorbell, times);
  }

  /** Closes all; nobody is there any more. The peer itself is the first that is marked so. */
  close(): void {
    this.#departures?.add(this.#ownId);
    for (const id of [...this.#doorbells.keys()]) this.remove(id);
  }
}

/** The error of a vector that a peer does not have. */
export function unknownVector(id: number, vector: number, vectors: number): PeerError {
  const has = vectors === 1 ? '1 vector: 0' : `${vectors} vectors: 0–${vectors - 1}`;
  return new PeerError('ERR_IVSHMEM_UNKNOWN_VECTOR', `peer ${id} has ${has}, not ${vector}`);
}
