// The one idea in the middle: a log and cursors.
//
// A region keeps its joins in order: the log. Each peer has a cursor: told everything up to here,
// and so many messages of the next. To serve a peer is to walk the log from its cursor until its
// socket is full, and to resume when it drains. A newcomer starts at the beginning: it meets first
// who is there, then itself (its interrupt setup), then who comes later, which is the order of the
// specification. When a peer leaves, its join vanishes from the log, and the cursors tell who had
// heard of it, even by one message: exactly those are owed one leave.
//
// Rule 1: this file says what to send and never sends it. It moves a cursor only by what `told` says.
// Rule 2: a leave is never put inside somebody's vectors, nor before a newcomer's own: there the
//         specification has no place for it. Elsewhere leaves go first: they free descriptors.
// Rule 3: sequence numbers, not positions: a cursor outlives the entries around it.
import { cursorBehind, hasHeardOf, startOfLog, toldOf, type Cursor } from './cursor.js';
import { IdSet } from './id-set.js';
import { PeerIds } from './peer-ids.js';
import { PROTOCOL_VERSION } from './wire.js';

/** Where messages go: the walk appends no more than there is room for. */
export interface Outbox<Rows> {
  readonly room: number;
  addNumber(number: number): void;
  addRows(rows: Rows, from: number, count: number): void;
}

/** One peer, as the membership knows it. All but `id` and `doorbells` is the membership's own. */
export interface PeerState<Rows> {
  readonly id: number;
  /** Its join as encoded messages: `vectors` of them. */
  readonly doorbells: Rows;
  /** The sequence number of its join in the log. */
  readonly sequence: number;
  cursor: Cursor;
  /** Who left without this peer having been told yet. */
  readonly owedLeaves: IdSet;
  /** Retired IDs whose owners this peer was told of. */
  readonly knownRetired: IdSet;
}

interface Walk {
  readonly cursor: Cursor;
  readonly leaves: readonly number[];
}

const WELCOME_MESSAGES = 3;

/** Who is in a region, and what each is still to be told. `Rows`: encoded messages, opaque here. */
export class Membership<Rows> {
  readonly vectors: number;
  readonly #memory: Rows;
  readonly #ids = new PeerIds();
  // In the order of their joins. Peers that are there are all that a log has to hold.
  readonly #log: PeerState<Rows>[] = [];
  #nextSequence = 0;

  /** `memory`: the one message (−1, memory). `vectors`: messages in each peer's doorbells. */
  constructor({ memory, vectors }: { readonly memory: Rows; readonly vectors: number }) {
    this.#memory = memory;
    this.vectors = vectors;
  }

  /** Peers in the order of their joins. */
  get peers(): readonly PeerState<Rows>[] {
    return this.#log;
  }

  /** IDs that can still be given, of 65,536. */
  get idsLeft(): number {
    return this.#ids.left;
  }

  /**
   * Takes a newcomer in under the next free ID, for which `encode` makes its join messages. Nothing
   * changes when that throws. Undefined when no ID is left.
   */
  join(encode: (id: number) => Rows): PeerState<Rows> | undefined {
    const id = this.#ids.peek();
    if (id === undefined) return undefined;
    const peer: PeerState<Rows> = {
      id,
      doorbells: encode(id),
      sequence: this.#nextSequence,
      cursor: startOfLog,
      owedLeaves: new IdSet(),
      knownRetired: new IdSet(),
    };
    this.#ids.take(id);
    this.#nextSequence += 1;
    this.#log.push(peer);
    return peer;
  }

  /** Takes a peer out; returns those who are owed the news. A peer that is not there: RangeError. */
  leave(peer: PeerState<Rows>): PeerState<Rows>[] {
    const index = this.#indexOf(peer.sequence);
    if (this.#log[index] !== peer) throw new RangeError(`peer ${peer.id} is not there`);
    this.#log.splice(index, 1);
    const told = this.#log.filter(({ cursor }) => hasHeardOf(cursor, peer));
    for (const witness of told) {
      witness.owedLeaves.add(peer.id);
      witness.knownRetired.add(peer.id);
    }
    this.#ids.retire(peer.id, told.length);
    for (const id of peer.knownRetired) this.#ids.forget(id);
    return told;
  }

  /** Puts what the peer is to be told next into the outbox, as much as there is room for. */
  fill(peer: PeerState<Rows>, outbox: Outbox<Rows>): void {
    this.#walk(peer, outbox.room, outbox);
  }

  /** The kernel took the first `count` messages of what `fill` just gave. */
  told(peer: PeerState<Rows>, count: number): void {
    const { cursor, leaves } = this.#walk(peer, count);
    peer.cursor = cursor;
    for (const id of leaves) peer.owedLeaves.delete(id);
  }

  /** Whether nothing is left to tell this peer. */
  isUpToDate({ cursor, owedLeaves }: PeerState<Rows>): boolean {
    return owedLeaves.size === 0 && this.#indexOf(cursor.sequence) === this.#log.length;
  }

  /** How many messages of its welcome (version, ID, memory) this peer is still to be sent. */
  welcomeOwed({ cursor }: PeerState<Rows>): number {
    return WELCOME_MESSAGES - cursor.welcome;
  }

  /** How many descriptors this peer is still to be sent. */
  descriptorsOwed({ cursor }: PeerState<Rows>): number {
    const index = this.#indexOf(cursor.sequence);
    const joins = (this.#log.length - index) * this.vectors;
    return joins - toldOf(cursor, this.#log[index]) + (cursor.welcome < WELCOME_MESSAGES ? 1 : 0);
  }

  // Goes `limit` messages on from the peer's cursor, by way of the outbox if there is one, and
  // returns where that ends. The same walk serves `fill` and, shortened, `told`.
  #walk(peer: PeerState<Rows>, limit: number, outbox?: Outbox<Rows>): Walk {
    const welcome = Math.min(WELCOME_MESSAGES, peer.cursor.welcome + limit);
    if (outbox) this.#addWelcome(peer, welcome, outbox);
    let left = limit - (welcome - peer.cursor.welcome);
    let cursor = { ...peer.cursor, welcome };
    let leaves: readonly number[] | undefined;
    for (let index = this.#indexOf(cursor.sequence); left > 0; index += 1) {
      const entry = this.#log[index];
      const from = toldOf(cursor, entry);
      if (leaves === undefined && from === 0 && cursor.sequence > peer.sequence) {
        leaves = firstOf(peer.owedLeaves, left);
        for (const id of leaves) outbox?.addNumber(id);
        left -= leaves.length;
      }
      if (entry === undefined || left === 0) break;
      const count = Math.min(this.vectors - from, left);
      outbox?.addRows(entry.doorbells, from, count);
      left -= count;
      cursor = cursorBehind(entry, from + count, this.vectors, welcome);
    }
    return { cursor, leaves: leaves ?? [] };
  }

  #addWelcome({ id, cursor }: PeerState<Rows>, upTo: number, outbox: Outbox<Rows>): void {
    for (let message = cursor.welcome; message < upTo; message += 1) {
      if (message === 0) outbox.addNumber(PROTOCOL_VERSION);
      else if (message === 1) outbox.addNumber(id);
      else outbox.addRows(this.#memory, 0, 1);
    }
  }

  // Where the first entry stands that has this sequence number or a later one.
  #indexOf(sequence: number): number {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#log[middle];
      if (entry && entry.sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function firstOf(ids: IdSet, limit: number): number[] {
  const first: number[] = [];
  if (ids.size === 0) return first;
  for (const id of ids) {
    if (first.length === limit) break;
    first.push(id);
  }
  return first;
}
