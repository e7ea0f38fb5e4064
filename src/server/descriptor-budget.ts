// The descriptors of a region: how many peers they admit, and what so many peers would need.
//
// Rule 1: what is free is counted once, at the start; sockets and slots may come and go later.
import { descriptorCount, ownDescriptorLimit } from '../../native/descriptor-limit.js';
import { MAX_PEER_ID } from '../protocol/wire.js';

/** Descriptors kept free, so that a refusal can always be sent and a log or a /proc file be opened. */
export const DESCRIPTOR_RESERVE = 16;

/** Descriptors of a socket that a region listens on: itself, its lock, the spare one of its acceptor. */
const SOCKET_DESCRIPTORS = 3;

/** What a region has beside its peers. */
export interface Besides {
  /** Sockets that it listens on. */
  readonly sockets: number;
  /** Slots that room is kept for: those of VMs, and one for a host command: a full region can still be looked at. */
  readonly slots: number;
}

/** Of one region, from the start on. */
export class DescriptorBudget {
  // For peers and sockets.
  readonly #free: number;
  // Its socket and its doorbells.
  readonly #perPeer: number;

  /** When so many of its sockets have been opened, and no acceptor yet. */
  constructor(vectors: number, sockets: number) {
    const open = (descriptorCount('self') ?? 0) - sockets * (SOCKET_DESCRIPTORS - 1);
    this.#free = ownDescriptorLimit() - open - DESCRIPTOR_RESERVE;
    this.#perPeer = vectors + 1;
  }

  /** How many peers are admitted, 0 where not one is. */
  peersBeside({ sockets, slots }: Besides): number {
    const left = this.#free - sockets * SOCKET_DESCRIPTORS;
    const peers = Math.floor(left / this.#perPeer) - slots;
    return Math.max(0, Math.min(MAX_PEER_ID + 1, peers));
  }

  /** What the whole process would need for so many peers, when so many of them are attached now; and has. */
  demandOf(peers: number, attached: number): { readonly needed: number; readonly limit: number } {
    const open = descriptorCount('self') ?? 0;
    const needed = open + (peers - attached) * this.#perPeer + DESCRIPTOR_RESERVE;
    return { needed, limit: ownDescriptorLimit() };
  }
}
