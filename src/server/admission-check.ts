// What speaks against a newcomer: peers, IDs, descriptors, vectors.
//
// Rule 1: everything that can fail is settled here, before the first byte: a version 0 once sent is
//         a promise, and a connection that ends before the memory hangs a QEMU.
// Rule 2: this file decides and changes nothing.
import type { MessageRows } from '../../native/message-batch.js';
import type { PeerCredentials } from '../../native/unix-socket.js';
import type { Membership } from '../protocol/membership.js';
import { DESCRIPTOR_RESERVE } from './descriptor-budget.js';
import type { QemuGuard } from './qemu-guard.js';
import type { IdentityRule } from './identity.js';
import { descriptorsKept } from './kept-room.js';
import { ownDescriptors } from './own-descriptors.js';
import { refusal, type Refusal } from './refusal.js';
import type { Slot } from './slot.js';
import { MAX_HOST_SLOTS, type Slots } from './slots.js';

/** What admission looks at in a region. */
export interface RegionParts {
  readonly membership: Membership<MessageRows>;
  readonly slots: Slots;
  readonly guard: QemuGuard;
}

/** What is asked of newcomers; may change while peers are attached. */
export interface Policy {
  /** Slots are not among them. */
  readonly maxPeers: number;
  readonly allowExcessVectors: boolean;
  /** Who may join; undefined: whoever comes. */
  readonly accessRules?: readonly IdentityRule[] | undefined;
  /** Of each user, at each door; undefined: no limit. */
  readonly maxPeersPerUser?: number | undefined;
}

/** The socket that somebody came through. */
export interface Door {
  /** Absolute. */
  readonly path: string;
  /** Whether it leads to the slots for host commands. */
  readonly isHost: boolean;
  /** The name of the VM whose own it is. */
  readonly vm?: string | undefined;
}

/** The slots that a newcomer may have, and the one that is free for it. */
export interface Claim {
  readonly slots: readonly Slot[];
  readonly slot: Slot | undefined;
}

const MOST_NAMED = 3;
const NO_CLAIM: Claim = { slots: [], slot: undefined };

/** Why this newcomer is refused; undefined: it is welcome. */
export function refusalOf(
  rules: RegionParts & Policy,
  credentials: PeerCredentials,
  door: Door,
  claim = NO_CLAIM,
): Refusal | undefined {
  const { membership, guard, maxPeers, allowExcessVectors } = rules;
  const { entries, vectors, idsLeft } = membership;
  const { slot, slots } = claim;
  const isJoin = !slot?.isAnnounced;
  const joins = isJoin ? 1 : 0;
  const isVm = slot?.name !== undefined;
  const idsKept = isVm ? 0 : rules.slots.kept.ids;
  const roomKept = isVm ? 0 : descriptorsKept(rules.slots);
  return (
    (slots.length > 0
      ? checkSlots(claim)
      : checkPeers(entries.length - rules.slots.announced, maxPeers)) ??
    checkIds(idsLeft - idsKept, slot?.id === undefined ? 1 : 0) ??
    checkDescriptors(joins * vectors, roomKept) ??
    (allowExcessVectors ? undefined : guard.checkVectors(credentials, door.path)) ??
    guard.check(credentials.pid, (entries.length + joins) * vectors + 1, { isJoin })
  );
}

function checkSlots({ slots, slot }: Claim): Refusal | undefined {
  if (slot !== undefined) return undefined;
  if (slots.some(({ isHost }) => isHost)) {
    return refusal(
      'host-slots',
      `all ${MAX_HOST_SLOTS} slots for host commands are taken`,
      'let one of them end, or connect those that stay to the socket of the VMs (ivshmem peer: --as-vm)',
    );
  }
  return refusal(
    'taken',
    listOf(slots.map(whoHas)),
    'end that one first, or make this one a VM of another name',
  );
}

// Whoever fits many VMs comes as often as it likes: a line stays a line.
function listOf(parts: readonly string[]): string {
  const more = parts.length - MOST_NAMED;
  return [...parts.slice(0, MOST_NAMED), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

function whoHas({ name = '', id, owner }: Slot): string {
  const { pid, uid } = owner?.credentials ?? {};
  return `${name} is there already (peer ${id}, pid ${pid}, uid ${uid})`;
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
    'all 65,536 peer IDs are in use, kept for VMs, or known to peers that are still attached',
    'restart the VMs that have been attached longest: what they know of comes free when they leave',
  );
}

function checkDescriptors(vectors: number, kept: number): Refusal | undefined {
  const reserve = DESCRIPTOR_RESERVE + kept;
  const { limit, open } = ownDescriptors(vectors + reserve);
  if (open + vectors + reserve <= limit) return undefined;
  return refusal(
    'descriptors',
    `the server may have ${limit} descriptors, has ${open}, keeps ${reserve}, and needs ${vectors} for this peer`,
    "raise the server's limit (LimitNOFILE=, ulimit -n), or run it with fewer --vectors",
  );
}
