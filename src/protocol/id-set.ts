// A set of peer IDs as a bitmap from about its lowest member to about its highest: at most 8 KiB, mostly
// far less, because what a peer knows of is of its own time and IDs ascend.
//
// Each peer carries two of them (leaves it is owed, retired IDs it knows), so their size counts.
import { MAX_PEER_ID } from './wire.js';

const ALL_WORDS = (MAX_PEER_ID + 1) / 32;
const LEAST_WORDS = 4;
const NO_WORDS = new Uint32Array(0);

/** Peer IDs, 0–65535. */
export class IdSet {
  #words = NO_WORDS;
  /** Which word of all the first one is. */
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return (this.#word(id >>> 5) & (1 << (id & 31))) !== 0;
  }

  add(id: number): void {
    if (this.has(id)) return;
    this.#reach(id >>> 5);
    this.#words[(id >>> 5) - this.#first] = this.#word(id >>> 5) | (1 << (id & 31));
    this.#size += 1;
  }

  delete(id: number): void {
    if (!this.has(id)) return;
    this.#words[(id >>> 5) - this.#first] = this.#word(id >>> 5) & ~(1 << (id & 31));
    this.#size -= 1;
  }

  /** Members in ascending order, as they were when their 32 neighbours came up. */
  *[Symbol.iterator](): Generator<number, void> {
    for (let word = this.#first; word < this.#end; word += 1) {
      for (let bits = this.#word(word); bits !== 0; bits &= bits - 1) {
        yield word * 32 + 31 - Math.clz32(bits & -bits);
      }
    }
  }

  get #end(): number {
    return this.#first + this.#words.length;
  }

  #word(word: number): number {
    return this.#words[word - this.#first] ?? 0;
  }

  // Doubles towards the side where the word is, or reaches as far as the word.
  #reach(word: number): void {
    let first = this.#first;
    let end = this.#end;
    if (word >= first && word < end) return;
    const more = Math.max(LEAST_WORDS, end - first);
    if (first === end) first = end = word;
    if (word < first) first = Math.max(0, Math.min(word, first - more));
    else end = Math.min(ALL_WORDS, Math.max(word + 1, end + more));
    const grown = new Uint32Array(end - first);
    grown.set(this.#words, Math.max(0, this.#first - first));
    this.#words = grown;
    this.#first = first;
  }
}
