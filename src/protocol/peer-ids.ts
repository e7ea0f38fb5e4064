// Who gets which ID, and when an ID may be given again.
//
// Rule 1: every decision about IDs is made here.
// Rule 2: IDs ascend, around the end and on from 0: what has just been used comes back last.
// Rule 3: an ID whose owner left is retired for as long as anybody is connected who was told of
//         that owner: QEMU corrupts its heap on a connect for an ID it saw disconnect.
// Rule 4: an ID that is reserved is in use, from then on: whom it is kept for takes it when it comes.
import { IdSet } from './id-set.js';
import { MAX_PEER_ID } from './wire.js';

const ALL_IDS = MAX_PEER_ID + 1;

/** What an ID is. Only a free one can be given or reserved. */
export type IdState = 'free' | 'reserved' | 'in use' | 'retired';

/** The IDs of one region. */
export class PeerIds {
  readonly #inUse = new IdSet();
  // Those in use that nobody has taken yet.
  readonly #reserved = new IdSet();
  // Per retired ID: how many connected peers were told of its owner.
  readonly #witnesses = new Map<number, number>();
  #next = 0;

  /** How many can be given now, of 65,536. */
  get left(): number {
    return ALL_IDS - this.#inUse.size - this.#witnesses.size;
  }

  /** The next free ID; undefined when none is left. It is free until taken. */
  peek(): number | undefined {
    if (this.left === 0) return undefined;
    let id = this.#next;
    while (!this.#isFree(id)) id = (id + 1) % ALL_IDS;
    return id;
  }

  /** Keeps an ID for who takes it later. One in use or retired: RangeError. */
  reserve(id: number): void {
    if (!this.#isFree(id)) throw new RangeError(`ID ${id} is not free`);
    this.#inUse.add(id);
    this.#reserved.add(id);
  }

  /** Gives back an ID that was kept and never taken. One that is not reserved: RangeError. */
  release(id: number): void {
    if (!this.isReserved(id)) throw new RangeError(`ID ${id} is not reserved`);
    this.#reserved.delete(id);
    this.#inUse.delete(id);
  }

  isReserved(id: number): boolean {
    return this.#reserved.has(id);
  }

  stateOf(id: number): IdState {
    if (this.isReserved(id)) return 'reserved';
    if (this.#inUse.has(id)) return 'in use';
    return this.#witnesses.has(id) ? 'retired' : 'free';
  }

  /** Marks an ID that `peek` gave, or that is reserved, as used. */
  take(id: number): void {
    if (this.isReserved(id)) {
      this.#reserved.delete(id);
      return;
    }
    this.#inUse.add(id);
    this.#next = (id + 1) % ALL_IDS;
  }

  /** Its owner left, and `witnesses` connected peers had been told of it. Infinity: it never comes back. */
  retire(id: number, witnesses: number): void {
    this.#inUse.delete(id);
    if (witnesses > 0) this.#witnesses.set(id, witnesses);
  }

  /** One of the peers that were told of this retired ID's owner left. An ID not retired: RangeError. */
  forget(id: number): void {
    const witnesses = this.#witnesses.get(id);
    if (witnesses === undefined) throw new RangeError(`ID ${id} is not retired`);
    if (witnesses === 1) this.#witnesses.delete(id);
    else this.#witnesses.set(id, witnesses - 1);
  }

  #isFree(id: number): boolean {
    return !this.#inUse.has(id) && !this.#witnesses.has(id);
  }
}
