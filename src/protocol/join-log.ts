// The log: the joins of those present, in their order.
//
// A slot is a join that stays in the log while its owner is away: nobody is told that it went or came
// back. Where a join stands in the log thus says nothing about when its owner came. So each peer has
// a place of its own there, and is told of itself at that place instead.
//
// Rule 1: sequence numbers, not positions: they ascend and are never given twice.
// Rule 2: joins that are there are all that a log has to hold.
import { toldOf, type Cursor } from './cursor.js';

/** A join in the log: a peer ID with its doorbells. Without an owner it is a slot. */
export interface Entry<Rows> {
  readonly id: number;
  /** The join as encoded messages: `vectors` of them. */
  readonly doorbells: Rows;
  readonly sequence: number;
}

/** Whose view of the log it is. */
export interface Reader<Rows> {
  readonly entry: Entry<Rows>;
  /** The entry once more, where its owner is told of itself: behind those who were there when it came. */
  readonly own: Entry<Rows>;
  readonly cursor: Cursor;
}

/** The log of one region. */
export class JoinLog<Rows> {
  readonly #entries: Entry<Rows>[] = [];
  #nextSequence = 0;
  #lastIndex = 0;

  get entries(): readonly Entry<Rows>[] {
    return this.#entries;
  }

  add(id: number, doorbells: Rows): Entry<Rows> {
    const entry = { id, doorbells, sequence: this.#takeSequence() };
    this.#entries.push(entry);
    return entry;
  }

  has(entry: Entry<Rows>): boolean {
    return this.#entries[this.#indexOf(entry.sequence)] === entry;
  }

  /** Takes out an entry that is there. */
  remove(entry: Entry<Rows>): void {
    this.#entries.splice(this.#indexOf(entry.sequence), 1);
  }

  /** The same entry at a new place, behind all that are there: where an owner that comes now is told of it. */
  place(entry: Entry<Rows>): Entry<Rows> {
    return { ...entry, sequence: this.#takeSequence() };
  }

  /** What a reader that was told all before is told of next: in the order of the log, but of itself at its place. */
  next({ entry, own }: Reader<Rows>, sequence: number): Entry<Rows> | undefined {
    const index = this.#indexOf(sequence);
    const other = this.#entries[this.#entries[index] === entry ? index + 1 : index];
    const isItself = own.sequence >= sequence && !(other && other.sequence < own.sequence);
    return isItself ? own : other;
  }

  /** How many messages of joins a reader is still to be told, at `vectors` a join. */
  owed(reader: Reader<Rows>, vectors: number): number {
    const { entry, own, cursor } = reader;
    const isAhead = ({ sequence }: Entry<Rows>): number => (sequence >= cursor.sequence ? 1 : 0);
    const others = this.#entries.length - this.#indexOf(cursor.sequence) - isAhead(entry);
    return (others + isAhead(own)) * vectors - toldOf(cursor, this.next(reader, cursor.sequence));
  }

  #takeSequence(): number {
    this.#nextSequence += 1;
    return this.#nextSequence - 1;
  }

  // Where the first entry stands that has this sequence number or a later one.
  #indexOf(sequence: number): number {
    // A walk asks for one entry after the other: to search for each would double its cost.
    const index = this.#lastIndex + 1;
    this.#lastIndex = this.#isAt(index, sequence) ? index : this.#search(sequence);
    return this.#lastIndex;
  }

  #isAt(index: number, sequence: number): boolean {
    const before = this.#entries[index - 1];
    const entry = this.#entries[index];
    return (
      before !== undefined && before.sequence < sequence && !(entry && entry.sequence < sequence)
    );
  }

  #search(sequence: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry && entry.sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
