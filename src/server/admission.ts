// Admission: who of those who connect is taken, and into which slot.
//
// Rule 1: it decides and changes nothing, but that it lets go of those whose end nobody has seen yet: who
//         follows another at once is not to be refused for one that has gone.
import type { PeerCredentials } from '../../native/unix-socket.js';
import { checkAccess, checkUserPeers } from './access.js';
import {
  refusalOf,
  type Claim,
  type Door,
  type Policy,
  type RegionParts,
} from './admission-check.js';
import type { Connection } from './connection.js';
import type { Identity } from './identity.js';
import type { Refusal } from './refusal.js';
import { Slot } from './slot.js';

/** What it looks at. */
export interface AdmissionOptions {
  readonly parts: RegionParts;
  readonly policy: Policy;
  /** Who is there now. */
  readonly connections: () => readonly Connection[];
  /** Lets go of one that has hung up; whether it had. */
  readonly letGo: (connection: Connection) => boolean;
}

/** The admission of one region. */
export class Admission {
  readonly #parts: RegionParts;
  readonly #connections: () => readonly Connection[];
  readonly #letGo: (connection: Connection) => boolean;
  /** What is asked of newcomers from now on. */
  policy: Policy;

  constructor({ parts, policy, connections, letGo }: AdmissionOptions) {
    this.#parts = parts;
    this.policy = policy;
    this.#connections = connections;
    this.#letGo = letGo;
  }

  /** The slot of a newcomer that is welcome, or why it is not. Throws SystemError. */
  decide(identity: Identity, door: Door): Slot | Refusal {
    const { slots, membership } = this.#parts;
    const stranger = this.checkStranger(identity) ?? slots.checkDoor(door, identity);
    if (stranger) return stranger;
    const claim = this.#claim(identity, door);
    const { credentials } = identity;
    const refused =
      this.#checkUser(credentials, claim) ??
      refusalOf({ ...this.#parts, ...this.policy }, credentials, door, claim);
    return refused ?? claim.slot ?? new Slot(membership);
  }

  /** Why this one is let in by no rule of access, if it is not. Throws SystemError. */
  checkStranger(identity: Identity): Refusal | undefined {
    return checkAccess(this.policy.accessRules, identity);
  }

  /** Who has this slot; one that has gone, unseen until now, has not. */
  ownerOf({ owner }: Slot): Connection | undefined {
    return owner === undefined || this.#letGo(owner) ? undefined : owner;
  }

  #claim(identity: Identity, door: Door): Claim {
    const slots = this.#parts.slots.openTo(door, identity);
    const slot = slots.find((open) => this.ownerOf(open) === undefined);
    return { slots, slot };
  }

  #checkUser(credentials: PeerCredentials, { slots }: Claim): Refusal | undefined {
    const most = this.policy.maxPeersPerUser ?? Infinity;
    const { name, isHost = false } = slots[0] ?? {};
    // Not counted where it does not matter; a VM that has a name is one of those that are meant to come.
    if (most === Infinity || name !== undefined) return undefined;
    const theirs = (): Connection[] =>
      this.#connections().filter(
        ({ slot, credentials: { uid } }) =>
          slot.name === undefined && slot.isHost === isHost && uid === credentials.uid,
      );
    if (theirs().length >= most) for (const connection of theirs()) this.#letGo(connection);
    return checkUserPeers(theirs().length, most, credentials);
  }
}
