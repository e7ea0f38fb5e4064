// The slots of a region that are kept: one for each VM that has a name, and a pool for host commands
// that come and go.
//
// A VM that restarts, or a command that lives for a moment, would cost an ID of 65,536, and every other VM
// a join and a leave. A slot is announced once.
//
// Rule 1: which slots somebody may have is said here; the first free one of them is its.
// Rule 2: a VM that has a name always has room: what its first coming needs is kept from all others.
import type { MessageRows } from '../../native/message-batch.js';
import type { Membership } from '../protocol/membership.js';
import type { Door } from './admission.js';
import { matches, type Identity } from './identity.js';
import type { NamedVm } from './named-vm.js';
import { refusal, type Refusal } from './refusal.js';
import { Slot } from './slot.js';

/** Slots for host commands that a region has at most. */
export const MAX_HOST_SLOTS = 16;

/** What is kept for VMs that are not there. */
export interface Kept {
  readonly ids: number;
  readonly descriptors: number;
}

interface Known {
  readonly vm: NamedVm;
  readonly slot: Slot;
}

/** The slots of one region. */
export class Slots {
  /** In the order of the options. */
  readonly vms: readonly Slot[];
  // The lowest IDs come first: none is announced while one before it is free.
  readonly #host: readonly Slot[];
  readonly #vectors: number;
  readonly #known: readonly Known[];

  /** Throws RangeError for two VMs with one ID. */
  constructor(membership: Membership<MessageRows>, vms: readonly NamedVm[] = []) {
    this.#known = vms.map((vm) => ({ vm, slot: new Slot(membership, vm) }));
    this.vms = this.#known.map(({ slot }) => slot);
    this.#host = Array.from(
      { length: MAX_HOST_SLOTS },
      () => new Slot(membership, { isHost: true }),
    );
    this.#vectors = membership.vectors;
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
      if (!isAnnounced) descriptors += this.#vectors;
      if (isFree) descriptors += 1;
    }
    return { ids, descriptors };
  }

  /** Why this one may not come through this door; undefined: it may. Throws SystemError. */
  checkDoor({ vm }: Door, identity: Identity): Refusal | undefined {
    const rule = this.#known.find(({ vm: { name } }) => name === vm)?.vm.rule;
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
