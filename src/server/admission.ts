// Admission: the decision to take or to refuse a connection.
//
// Rule 1: everything that can fail is settled here, before the first byte: a version 0 once sent is
//         a promise, and a connection that ends before the memory hangs a QEMU.
// Rule 2: this file decides and changes nothing.
import { descriptorCount, ownDescriptorLimit } from '../../native/descriptor-limit.js';
import type { MessageRows } from '../../native/message-batch.js';
import type { PeerCredentials } from '../../native/unix-socket.js';
import type { Membership } from '../protocol/membership.js';
import { MAX_PEER_ID } from '../protocol/wire.js';
import { MAX_HOST_SLOTS, type HostSlots } from './host-slots.js';
import type { QemuGuard } from './qemu-guard.js';
import { ownDescriptors } from './own-descriptors.js';
import { refusal, type Refusal } from './refusal.js';

/** Descriptors kept free, so that a refusal can always be sent and a log or a /proc file be opened. */
export const DESCRIPTOR_RESERVE = 16;

/**
 * What the limit of descriptors admits, 0 where not one peer fits: each peer costs its socket and its doorbells. Room for one host
 * command is kept where there is a socket for them: a full region can still be looked at.
 */
export function peersAdmitted(vectors: number, hasHostSocket: boolean): number {
  const spares = hasHostSocket ? 2 : 1; // of acceptors that are still to come
  const free = ownDescriptorLimit() - (descriptorCount('self') ?? 0) - spares - DESCRIPTOR_RESERVE;
  const peers = Math.floor(free / (vectors + 1)) - (hasHostSocket ? 1 : 0);
  return Math.max(0, Math.min(MAX_PEER_ID + 1, peers));
}

/** The rules of one region. */
export interface AdmissionRules {
  readonly membership: Membership<MessageRows>;
  readonly slots: HostSlots;
  readonly guard: QemuGuard;
  /** Slots are not among them. */
  readonly maxPeers: number;
  readonly allowExcessVectors: boolean;
}

/** The socket that somebody came through. */
export interface Door {
  /** Absolute. */
  readonly path: string;
  /** Whether it leads to the slots for host commands. */
  readonly isHost: boolean;
}

/** Why this newcomer is refused; undefined: it is welcome. */
export function refusalOf(
  rules: AdmissionRules,
  { pid }: PeerCredentials,
  door: Door,
): Refusal | undefined {
  const { membership, slots, guard, maxPeers, allowExcessVectors } = rules;
  const { entries, vectors, idsLeft } = membership;
  const isJoin = !(door.isHost && slots.hasFree);
  const joins = isJoin ? 1 : 0;
  return (
    (door.isHost ? checkSlots(slots) : checkPeers(entries.length - slots.size, maxPeers)) ??
    checkIds(idsLeft, joins) ??
    checkDescriptors(joins * vectors) ??
    (allowExcessVectors ? undefined : guard.checkVectors(pid, door.path)) ??
    guard.check(pid, (entries.length + joins) * vectors + 1, { isJoin })
  );
}

function checkSlots(slots: HostSlots): Refusal | undefined {
  if (!slots.areTaken) return undefined;
  return refusal(
    'host-slots',
    `all ${MAX_HOST_SLOTS} slots for host commands are taken`,
    'let one of them end, or connect those that stay to the socket of the VMs (ivshmem peer: --as-vm)',
  );
}

function checkPeers(peers: number, maxPeers: number): Refusal | undefined {
  if (peers < maxPeers) return undefined;
  return refusal(
    'peers',
    `${peers} peers are there, the region takes ${maxPeers}`,
    'raise --max-peers and the limit of descriptors (LimitNOFILE=, ulimit -n), or let a peer leave',
  );
}

function checkIds(idsLeft: number, needed: number): Refusal | undefined {
  if (idsLeft >= needed) return undefined;
  return refusal(
    'ids',
    'all 65,536 peer IDs are in use or known to peers that are still attached',
    'restart the VMs that have been attached longest: what they know of comes free when they leave',
  );
}

function checkDescriptors(vectors: number): Refusal | undefined {
  const { limit, open } = ownDescriptors(vectors + DESCRIPTOR_RESERVE);
  if (open + vectors + DESCRIPTOR_RESERVE <= limit) return undefined;
  return refusal(
    'descriptors',
    `the server may have ${limit} descriptors, has ${open}, keeps ${DESCRIPTOR_RESERVE}, and needs ${vectors} for this peer`,
    "raise the server's limit (LimitNOFILE=, ulimit -n), or run it with fewer --vectors",
  );
}
