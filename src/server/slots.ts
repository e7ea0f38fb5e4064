// The slots of a region that are kept: one for each VM that has a name, and a pool for host commands
// that come and go.
//
// A VM that restarts, or a command that lives for a moment, would cost an ID of 65,536, and every other VM
// a join and a leave. A slot is announced once.
//
// Rule 1: which slots somebody may have is said here; the first free one of them is its.
// Rule 2: a VM that has a name always has room: what its first coming needs is kept from all others.
import type { MessageRows } from '../../native/message-batch.js';
import type { Membership, PeerState } from '../protocol/membership.js';
import type { Door } from './admission-check.js';
import { matches, type Identity } from './identity.js';
import type { NamedVm } from './named-vm.js';
import { refusal, socketEnds, type Refusal } from './refusal.js';
import { Slot } from './slot.js';

/** Slots for host commands that a region has at most. */
export const MAX_HOST_SLOTS = 16;

/** What is kept for VMs that are not there. */
export interface Kept {
  readonly ids: number;
  readonly descriptors: number;
}

/** A VM that has a name, and its slot. */
export interface Known {
  readonly vm: NamedVm;
  readonly slot: Slot;
}

/** The slots of one region. */
export class Slots {
  // The lowest IDs come first: none is announced while one before it is free.
  readonly #host: readonly Slot[];
  readonly #membership: Membership<MessageRows>;
  #known: readonly Known[];

  /** Throws RangeError for two VMs with one ID. */
  constructor(membership: Membership<MessageRows>, vms: readonly NamedVm[] = []) {
    this.#membership = membership;
    this.#known = vms.map((vm) => ({ vm, slot: new Slot(membership, vm) }));
    this.#host = Array.from(
      { length: MAX_HOST_SLOTS },
      () => new Slot(membership, { isHost: true }),
    );
  }

  /** VMs that have a name, in the order in which a newcomer is compared with them. */
  get known(): readonly Known[] {
    return this.#known;
  }

  /** Their slots. */
  get vms(): readonly Slot[] {
    return this.#known.map(({ slot }) => slot);
  }

  /** The VM of this name. */
  find(name: string): Known | undefined {
    return this.#known.find(({ vm }) => vm.name === name);
  }

  /**
   * A VM is to be known as this from now on: one that is new, or the one of its name. Its slot stays where it
   * suits, or else has to be free. Returns who is owed the news. Throws RangeError for an ID that is not free.
   */
  put(vm: NamedVm): readonly PeerState<MessageRows>[] {
    const known = this.find(vm.name);
    if (known?.slot.suits(vm.id)) {
      this.#known = this.#known.map((other) => (other === known ? { ...known, vm } : other));
      return [];
    }
    const slot = new Slot(this.#membership, vm);
    const owed = this.remove(vm.name);
    this.#known = [...this.#known, { vm, slot }];
    return owed;
  }

  /** A VM that is away has no name and no slot any more. Returns who is owed the news. */
  remove(name: string): readonly PeerState<MessageRows>[] {
    const known = this.find(name);
    this.#known = this.#known.filter((other) => other !== known);
    return known?.slot.remove() ?? [];
  }

  /** Puts VMs into this order; those that are not in it come last. */
  sort(names: readonly string[]): void {
    const place = ({ vm }: Known): number => names.indexOf(vm.name) >>> 0; // of −1: behind all
    this.#known = [...this.#known].sort((a, b) => place(a) - place(b));
  }

  /** Whether this slot can have no other ID than it has, as what is said of its VM is now, or was when it came. */
  isFixed(slot: Slot): boolean {
    return (
      slot.isFixed || this.#known.some((known) => known.slot === slot && known.vm.id !== undefined)
    );
  }

  /** How many peers know of, with and without an owner. */
  get announced(): number {
    return this.#all.filter(({ isAnnounced }) => isAnnounced).length;
  }

  /** What VMs that are not there will need. */
  get kept(): Kept {
    let ids = 0;
    let descriptors = 0;
    for (const { id, isAnnounced, isFree } of this.vms) {
      if (id === undefined) ids += 1;
      if (!isAnnounced) descriptors += this.#membership.vectors;
      if (isFree) descriptors += 1;
    }
    return { ids, descriptors };
  }

  /** Why this one may not come through this door; undefined: it may. Throws SystemError. */
  checkDoor({ vm }: Door, identity: Identity): Refusal | undefined {
    if (vm === undefined) return undefined;
    const known = this.find(vm);
    if (known === undefined) return socketEnds(vm);
    const { rule } = known.vm;
    if (rule === undefined || matches(rule, identity)) return undefined;
    return refusal(
      'access',
      `this is the socket of ${vm}, and what is said of ${vm} does not fit user ${identity.credentials.uid}`,
      `start ${vm} as the user, in the unit and under the name that it should have, or say otherwise of it`,
    );
  }

  /** Which ones are there for who comes through this door. None: it joins without. Throws SystemError. */
  openTo({ isHost, vm }: Door, identity: Identity): readonly Slot[] {
    if (isHost) return this.#host;
    const isOpen = ({ vm: { name, socket, rule } }: Known): boolean =>
      vm === undefined
        ? socket === undefined && rule !== undefined && matches(rule, identity)
        : name === vm;
    return this.#known.filter(isOpen).map(({ slot }) => slot);
  }

  /** Closes the doorbells of all. */
  close(): void {
    for (const slot of this.#all) slot.close();
  }

  get #all(): readonly Slot[] {
    return [...this.vms, ...this.#host];
  }
}
