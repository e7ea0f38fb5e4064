// A slot: a peer ID with its doorbells, and who has it now.
//
// Most go with their owner. Those of host commands and of VMs that have a name are kept: announced when
// the first owner comes, they give the next one the same ID and the same doorbells, and nobody is told.
//
// Rule 1: ID and doorbells are there when the first owner comes, never before. Where its coming fails
//         nothing is left of it.
// Rule 2: rings that piled up while nobody was there are not the next owner's: it finds none.
import { drainEventfd, inspectEventfd, type EventfdState } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { MessageRows } from '../../native/message-batch.js';
import type { Entry } from '../protocol/join-log.js';
import type { Membership, PeerState } from '../protocol/membership.js';
import { joinMessages } from '../protocol/wire.js';
import type { Connection } from './connection.js';
import { createDoorbells } from './doorbells.js';

/** What an owner has: its place in the region, and the slot that this is. */
export interface Place {
  readonly state: PeerState<MessageRows>;
  readonly slot: Slot;
}

/** Whose slot it is. With neither name nor `isHost` it is not kept. */
export interface SlotOptions {
  /** Of a VM. */
  readonly name?: string | undefined;
  /** Reserved for it from now on. Default: the one that is next when it comes. */
  readonly id?: number | undefined;
  /** It is for host commands. Default false. */
  readonly isHost?: boolean;
}

/** One slot of a region. */
export class Slot {
  readonly name: string | undefined;
  readonly isHost: boolean;
  readonly #membership: Membership<MessageRows>;
  readonly #reservedId: number | undefined;
  #entry: Entry<MessageRows> | undefined;
  #doorbells: readonly Fd[] = [];
  #owner: Connection | undefined;

  /** Throws RangeError for an ID that is not free. */
  constructor(membership: Membership<MessageRows>, { name, id, isHost = false }: SlotOptions = {}) {
    if (id !== undefined) membership.reserve(id);
    this.#membership = membership;
    this.#reservedId = id;
    this.name = name;
    this.isHost = isHost;
  }

  /** Undefined before the first owner, unless it is reserved. */
  get id(): number | undefined {
    return this.#entry?.id ?? this.#reservedId;
  }

  /** Whether the peers know of it, or are about to. */
  get isAnnounced(): boolean {
    return this.#entry !== undefined;
  }

  get owner(): Connection | undefined {
    return this.#owner;
  }

  get isFree(): boolean {
    return this.#owner === undefined;
  }

  /**
   * A free one's new owner, whom nobody rang yet; `connect` makes its connection. What that throws, and
   * SystemError, changes nothing.
   */
  enter(connect: (place: Place) => Connection): Connection {
    for (const doorbell of this.#doorbells) drainEventfd(doorbell);
    const isFirst = !this.isAnnounced;
    const state = this.#membership.enter(this.#entry ?? this.#create());
    try {
      this.#owner = connect({ state, slot: this });
      return this.#owner;
    } catch (error) {
      this.#membership.exit(state);
      if (isFirst) this.#withdraw();
      if (isFirst && this.#reservedId !== undefined) this.#membership.reserve(this.#reservedId);
      throw error;
    }
  }

  /** Its owner is gone. Returns who is owed the news: nobody where the slot is kept. RangeError without owner. */
  leave(): readonly PeerState<MessageRows>[] {
    if (this.#owner === undefined) throw new RangeError('nobody has this slot');
    this.#membership.exit(this.#owner.state);
    this.#owner = undefined;
    const isKept = this.isHost || this.name !== undefined;
    return isKept ? [] : this.#withdraw();
  }

  /** Whether its ID is given: it cannot have another one. */
  get isFixed(): boolean {
    return this.#reservedId !== undefined;
  }

  /**
   * Its owner is cut off, and keeps ID and doorbells for itself: whoever is next gets others. Returns who is
   * owed the news. RangeError without owner, and where the ID is fixed.
   */
  evict(): readonly PeerState<MessageRows>[] {
    if (this.#owner === undefined) throw new RangeError('nobody has this slot');
    if (this.isFixed) throw new RangeError('the ID of this slot is fixed');
    this.#membership.exit(this.#owner.state);
    this.#owner = undefined;
    return this.#withdraw({ isForGood: true });
  }

  /** What the kernel tells of its doorbells, by vector, without touching them. */
  *inspect(): Generator<EventfdState> {
    for (const doorbell of this.#doorbells) {
      if (!doorbell.isOpen) return;
      yield inspectEventfd(doorbell);
    }
  }

  /** Whether it is one for this ID; undefined: any will do once it has one. */
  suits(id: number | undefined): boolean {
    return id === this.id || (id === undefined && this.isAnnounced);
  }

  /** It is kept no longer. Returns who is owed the news. RangeError with an owner. */
  remove(): readonly PeerState<MessageRows>[] {
    if (!this.isFree) throw new RangeError('somebody has this slot');
    if (!this.isAnnounced && this.#reservedId !== undefined)
      this.#membership.release(this.#reservedId);
    return this.#withdraw();
  }

  /** Closes the doorbells. */
  close(): void {
    this.#entry?.doorbells.close();
  }

  #create(): Entry<MessageRows> {
    const doorbells = createDoorbells(this.#membership.vectors);
    const encode = (id: number): MessageRows => new MessageRows(joinMessages(id, doorbells));
    const entry = this.#membership.add(encode, this.#reservedId);
    if (entry === undefined) throw new RangeError('admission let a peer pass without an ID for it');
    this.#entry = entry;
    this.#doorbells = doorbells;
    return entry;
  }

  #withdraw(options = {}): readonly PeerState<MessageRows>[] {
    const entry = this.#entry;
    if (entry === undefined) return [];
    this.#entry = undefined;
    this.#doorbells = [];
    const owed = this.#membership.remove(entry, options);
    entry.doorbells.close();
    return owed;
  }
}
