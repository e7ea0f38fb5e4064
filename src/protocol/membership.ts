// The one idea in the middle: a log and cursors.
//
// A region keeps its joins in order: the log. Each peer has a cursor: told everything up to here,
// and so many messages of the next. To serve a peer is to walk the log from its cursor until its
// socket is full, and to resume when it drains. A newcomer starts at the beginning: it meets first
// who is there, then itself (its interrupt setup), then who comes later, which is the order of the
// specification. When a peer leaves, its join vanishes from the log, and the cursors tell who had
// heard of it, even by one message: exactly those are owed one leave.
//
// A join may stay in the log while its owner is away (a slot): nobody is told that it goes or comes
// back, and its owner is told of itself behind those who were there when it came.
//
// Rule 1: this file says what to send and never sends it. It moves a cursor only by what `told` says.
// Rule 2: a leave is never put inside somebody's vectors, nor before a newcomer's own: there the
//         specification has no place for it. Elsewhere leaves go first: they free descriptors.
import { hasHeardOf, startOfLog, type Cursor } from './cursor.js';
import { IdSet } from './id-set.js';
import { JoinLog, type Entry, type Reader } from './join-log.js';
import { PeerIds, type IdState } from './peer-ids.js';
import { PROTOCOL_VERSION } from './wire.js';

/** Where messages go: the walk appends no more than there is room for. */
export interface Outbox<Rows> {
  readonly room: number;
  addNumber(number: number): void;
  addRows(rows: Rows, from: number, count: number): void;
}

/** One peer, as the membership knows it. All but `id` and `entry` is the membership's own. */
export interface PeerState<Rows> extends Reader<Rows> {
  readonly id: number;
  cursor: Cursor;
  /** Who left without this peer having been told yet. */
  readonly owedLeaves: IdSet;
  /** Retired IDs whose owners this peer was told of. */
  readonly knownRetired: IdSet;
}

interface Walk<Rows> {
  readonly peer: PeerState<Rows>;
  /** How many messages it goes. */
  readonly count: number;
  /** Where it ends. */
  readonly cursor: Cursor;
  readonly leaves: readonly number[];
}

const WELCOME_MESSAGES = 3;
const NO_LEAVES: readonly number[] = [];

/** Who is in a region, and what each is still to be told. `Rows`: encoded messages, opaque here. */
export class Membership<Rows> {
  readonly vectors: number;
  readonly #memory: Rows;
  readonly #ids = new PeerIds();
  readonly #log = new JoinLog<Rows>();
  readonly #owners = new Map<Entry<Rows>, PeerState<Rows>>();
  #filled: Walk<Rows> | undefined;

  /** `memory`: the one message (−1, memory). `vectors`: messages in each peer's doorbells. */
  constructor({ memory, vectors }: { readonly memory: Rows; readonly vectors: number }) {
    this.#memory = memory;
    this.vectors = vectors;
  }

  /** The joins that are in the log, slots among them, in their order. */
  get entries(): readonly Entry<Rows>[] {
    return this.#log.entries;
  }

  /** Peers in the order in which they came. */
  get peers(): PeerState<Rows>[] {
    return [...this.#owners.values()];
  }

  /** IDs that can still be given, of 65,536. */
  get idsLeft(): number {
    return this.#ids.left;
  }

  /** The ID that the next join gets; undefined when none is left. */
  get nextId(): number | undefined {
    return this.#ids.peek();
  }

  /** A join and its owner at once: `add` and `enter`. */
  join(encode: (id: number) => Rows): PeerState<Rows> | undefined {
    const entry = this.add(encode);
    return entry && this.enter(entry);
  }

  /** Takes a peer out, and its entry with it: `exit` and `remove`. */
  leave(peer: PeerState<Rows>): PeerState<Rows>[] {
    this.exit(peer);
    return this.remove(peer.entry);
  }

  /** Keeps this ID for an entry that is put into the log under it, soon or never. Not free: RangeError. */
  reserve(id: number): void {
    this.#ids.reserve(id);
  }

  /** Keeps a reserved ID no longer that no entry was put into the log under. Not reserved: RangeError. */
  release(id: number): void {
    this.#ids.release(id);
  }

  /** Why an ID can be reserved or not. */
  stateOf(id: number): IdState {
    return this.#ids.stateOf(id);
  }

  /**
   * Puts a join into the log under the next free ID, or a reserved one, for which `encode` makes the
   * messages. It has no owner yet. Nothing changes when `encode` throws. Undefined when no ID is left.
   */
  add(encode: (id: number) => Rows, reserved?: number): Entry<Rows> | undefined {
    if (reserved !== undefined && !this.#ids.isReserved(reserved))
      throw new RangeError(`peer ID ${reserved} is not reserved`);
    const id = reserved ?? this.#ids.peek();
    if (id === undefined) return undefined;
    const doorbells = encode(id);
    this.#ids.take(id);
    return this.#log.add(id, doorbells);
  }

  /** The owner of an entry comes, or comes back; nobody is told of that. Not without owner: RangeError. */
  enter(entry: Entry<Rows>): PeerState<Rows> {
    this.#checkVacant(entry);
    const peer: PeerState<Rows> = {
      id: entry.id,
      entry,
      own: this.#log.place(entry),
      cursor: startOfLog,
      owedLeaves: new IdSet(),
      knownRetired: new IdSet(),
    };
    this.#owners.set(entry, peer);
    return peer;
  }

  /** A peer goes and its entry stays: a slot from now on. A peer that is not there: RangeError. */
  exit(peer: PeerState<Rows>): void {
    if (this.#owners.get(peer.entry) !== peer) throw new RangeError(`peer ${peer.id} is not there`);
    this.#owners.delete(peer.entry);
    for (const id of peer.knownRetired) this.#ids.forget(id);
  }

  /**
   * Takes an entry out; returns those who are owed the news. `isForGood`: its ID is never given again. Not
   * without owner: RangeError.
   */
  remove(entry: Entry<Rows>, { isForGood = false } = {}): PeerState<Rows>[] {
    this.#checkVacant(entry);
    this.#log.remove(entry);
    const told: PeerState<Rows>[] = [];
    for (const peer of this.#owners.values()) {
      if (!hasHeardOf(peer.cursor, entry)) continue;
      peer.owedLeaves.add(entry.id);
      peer.knownRetired.add(entry.id);
      told.push(peer);
    }
    this.#ids.retire(entry.id, isForGood ? Infinity : told.length);
    return told;
  }

  /** Puts what the peer is to be told next into the outbox, as much as there is room for. */
  fill(peer: PeerState<Rows>, outbox: Outbox<Rows>): void {
    this.#filled = this.#walk(peer, outbox.room, outbox);
  }

  /** The kernel took the first `count` messages of what `fill` just gave this peer. */
  told(peer: PeerState<Rows>, count: number): void {
    const filled = this.#filled;
    // All of it, mostly: then the way is known.
    const isAll = filled?.peer === peer && filled.count === count;
    const { cursor, leaves } = isAll ? filled : this.#walk(peer, count);
    this.#filled = undefined;
    peer.cursor = cursor;
    for (const id of leaves) peer.owedLeaves.delete(id);
  }

  /** Whether nothing is left to tell this peer. */
  isUpToDate(peer: PeerState<Rows>): boolean {
    return peer.owedLeaves.size === 0 && this.#log.next(peer, peer.cursor.sequence) === undefined;
  }

  /** Whether this peer was told its welcome and all of its own vectors. */
  isSetUp({ cursor, own }: PeerState<Rows>): boolean {
    return cursor.welcome === WELCOME_MESSAGES && cursor.sequence > own.sequence;
  }

  /** How many messages of its welcome (version, ID, memory) this peer is still to be sent. */
  welcomeOwed({ cursor }: PeerState<Rows>): number {
    return WELCOME_MESSAGES - cursor.welcome;
  }

  /** How many descriptors this peer is still to be sent. */
  descriptorsOwed(peer: PeerState<Rows>): number {
    const isMemoryOwed = peer.cursor.welcome < WELCOME_MESSAGES;
    return this.#log.owed(peer, this.vectors) + (isMemoryOwed ? 1 : 0);
  }

  // Goes `limit` messages on from the peer's cursor, by way of the outbox if there is one. The same
  // walk serves `fill` and, shortened, `told`. Plain numbers: nothing is made for a message.
  #walk(peer: PeerState<Rows>, limit: number, outbox?: Outbox<Rows>): Walk<Rows> {
    let { sequence, within } = peer.cursor;
    const welcome = Math.min(WELCOME_MESSAGES, peer.cursor.welcome + limit);
    if (outbox) this.#addWelcome(peer, welcome, outbox);
    let left = limit - (welcome - peer.cursor.welcome);
    let leaves: readonly number[] | undefined;
    while (left > 0) {
      const entry = this.#log.next(peer, sequence);
      if (entry?.sequence !== sequence) within = 0;
      if (leaves === undefined && within === 0 && sequence > peer.own.sequence) {
        leaves = firstOf(peer.owedLeaves, left);
        for (const id of leaves) outbox?.addNumber(id);
        left -= leaves.length;
      }
      if (entry === undefined || left === 0) break;
      const count = Math.min(this.vectors - within, left);
      outbox?.addRows(entry.doorbells, within, count);
      left -= count;
      within += count;
      sequence = entry.sequence;
      if (within === this.vectors) {
        within = 0;
        sequence += 1;
      }
    }
    const cursor = { welcome, sequence, within };
    return { peer, count: limit - left, cursor, leaves: leaves ?? NO_LEAVES };
  }

  #addWelcome({ id, cursor }: PeerState<Rows>, upTo: number, outbox: Outbox<Rows>): void {
    for (let message = cursor.welcome; message < upTo; message += 1) {
      if (message === 0) outbox.addNumber(PROTOCOL_VERSION);
      else if (message === 1) outbox.addNumber(id);
      else outbox.addRows(this.#memory, 0, 1);
    }
  }

  #checkVacant(entry: Entry<Rows>): void {
    if (!this.#log.has(entry)) throw new RangeError(`peer ID ${entry.id} is not there`);
    if (this.#owners.has(entry)) throw new RangeError(`peer ID ${entry.id} has an owner`);
  }
}

function firstOf(ids: IdSet, limit: number): readonly number[] {
  if (ids.size === 0) return NO_LEAVES;
  const first: number[] = [];
  for (const id of ids) {
    if (first.length === limit) break;
    first.push(id);
  }
  return first;
}
