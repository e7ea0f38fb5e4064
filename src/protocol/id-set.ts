// A set of peer IDs as a bitmap that grows with its highest member: at most 8 KiB, however many.
//
// Each peer carries two of them (leaves it is owed, retired IDs it knows), so their size counts.
import { MAX_PEER_ID } from './wire.js';

const ALL_WORDS = (MAX_PEER_ID + 1) / 32;
const NO_WORDS = new Uint32Array(0);

/** Peer IDs, 0–65535. */
export class IdSet {
  #words = NO_WORDS;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return (this.#word(id >>> 5) & (1 << (id & 31))) !== 0;
  }

  add(id: number): void {
    if (this.has(id)) return;
    this.#grow(id >>> 5);
    this.#words[id >>> 5] = this.#word(id >>> 5) | (1 << (id & 31));
    this.#size += 1;
  }

  delete(id: number): void {
    if (!this.has(id)) return;
    this.#words[id >>> 5] = this.#word(id >>> 5) & ~(1 << (id & 31));
    this.#size -= 1;
  }

  /** Members in ascending order, as they were when their 32 neighbours came up. */
  *[Symbol.iterator](): Generator<number, void> {
    for (let word = 0; word < this.#words.length; word += 1) {
      for (let bits = this.#word(word); bits !== 0; bits &= bits - 1) {
        yield word * 32 + 31 - Math.clz32(bits & -bits);
      }
    }
  }

  #word(word: number): number {
    return this.#words[word] ?? 0;
  }

  #grow(word: number): void {
    if (word < this.#words.length) return;
    const grown = new Uint32Array(Math.min(ALL_WORDS, Math.max(word + 1, this.#words.length * 2)));
    grown.set(this.#words);
    this.#words = grown;
  }
}
