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
import type { QemuGuard } from './qemu-guard.js';
import { refusal, type Refusal } from './refusal.js';

/** Descriptors kept free, so that a refusal can always be sent and a log or a /proc file be opened. */
export const DESCRIPTOR_RESERVE = 16;

/** What the limit of descriptors admits: each peer costs its socket and its doorbells. */
export function peersAdmitted(vectors: number): number {
  const free = ownDescriptorLimit() - (descriptorCount('self') ?? 0) - DESCRIPTOR_RESERVE;
  return Math.max(1, Math.min(MAX_PEER_ID + 1, Math.floor(free / (vectors + 1))));
}

/** The rules of one region. */
export interface AdmissionRules {
  readonly membership: Membership<MessageRows>;
  readonly guard: QemuGuard;
  readonly maxPeers: number;
  /** The socket's path, as QEMUs give it; undefined when excess vectors are allowed. */
  readonly strictSocket: string | undefined;
}

/** Why this newcomer is refused; undefined: it is welcome. */
export function refusalOf(rules: AdmissionRules, { pid }: PeerCredentials): Refusal | undefined {
  const { membership, guard, maxPeers, strictSocket } = rules;
  return (
    checkPeers(membership.entries.length, maxPeers) ??
    checkIds(membership.idsLeft) ??
    checkDescriptors(membership.vectors) ??
    (strictSocket === undefined ? undefined : guard.checkVectors(pid, strictSocket)) ??
    guard.check(pid, (membership.entries.length + 1) * membership.vectors + 1)
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

function checkIds(idsLeft: number): Refusal | undefined {
  if (idsLeft > 0) return undefined;
  return refusal(
    'ids',
    'all 65,536 peer IDs are in use or known to peers that are still attached',
    'restart the VMs that have been attached longest: what they know of comes free when they leave',
  );
}

function checkDescriptors(vectors: number): Refusal | undefined {
  const limit = ownDescriptorLimit();
  const open = descriptorCount('self') ?? 0;
  if (open + vectors + DESCRIPTOR_RESERVE <= limit) return undefined;
  return refusal(
    'descriptors',
    `the server may have ${limit} descriptors, has ${open}, keeps ${DESCRIPTOR_RESERVE}, and needs ${vectors} for this peer`,
    "raise the server's limit (LimitNOFILE=, ulimit -n), or run it with fewer --vectors",
  );
}
