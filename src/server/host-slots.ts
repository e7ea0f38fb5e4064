// The slots of a region: peer IDs with their doorbells, shared by host commands that come and go.
//
// A command that lives for a moment would cost an ID of 65,536, and every VM a join and a leave. So a
// slot is announced once and kept: its next owner has the same ID and the same doorbells.
//
// Rule 1: a slot is made when none is free, never before, and kept until the region ends.
// Rule 2: rings that piled up while nobody was there are not the next owner's: it finds none.
import { drainEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import type { MessageRows } from '../../native/message-batch.js';
import type { Entry } from '../protocol/join-log.js';
import type { Membership, PeerState } from '../protocol/membership.js';

/** Slots that a region has at most. */
export const MAX_HOST_SLOTS = 16;

interface HostSlot {
  readonly entry: Entry<MessageRows>;
  readonly doorbells: readonly Fd[];
  isFree: boolean;
}

/** The slots of one region. */
export class HostSlots {
  readonly #membership: Membership<MessageRows>;
  // In the order in which they were made: as long as IDs have not come round, the lowest first.
  readonly #slots: HostSlot[] = [];

  constructor(membership: Membership<MessageRows>) {
    this.#membership = membership;
  }

  /** How many there are, with and without an owner. */
  get size(): number {
    return this.#slots.length;
  }

  get hasFree(): boolean {
    return this.#slots.some(({ isFree }) => isFree);
  }

  /** Whether there is neither a free one nor room for another. */
  get areTaken(): boolean {
    return this.size >= MAX_HOST_SLOTS && !this.hasFree;
  }

  /** Makes a slot of a join, whose owner is there; owns its doorbells from now on. */
  add(entry: Entry<MessageRows>, doorbells: readonly Fd[]): void {
    this.#slots.push({ entry, doorbells, isFree: false });
  }

  /** The first free one's new owner, whom nobody rang yet. RangeError when none is free; SystemError changes nothing. */
  take(): PeerState<MessageRows> {
    const slot = this.#slots.find(({ isFree }) => isFree);
    if (slot === undefined) throw new RangeError('no slot is free');
    for (const doorbell of slot.doorbells) drainEventfd(doorbell);
    slot.isFree = false;
    return this.#membership.enter(slot.entry);
  }

  /** The owner of a slot is gone; the slot is free for the next. */
  release(owner: PeerState<MessageRows>): void {
    this.#membership.exit(owner);
    for (const slot of this.#slots) if (slot.entry === owner.entry) slot.isFree = true;
  }

  /** Closes the doorbells of all. */
  close(): void {
    for (const { entry } of this.#slots) entry.doorbells.close();
  }
}
