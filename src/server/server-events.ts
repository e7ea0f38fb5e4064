// What a server tells: its events, and the warnings among them.
import type { SystemError } from '../../native/system-error.js';
import type { PeerCredentials } from '../../native/unix-socket.js';
import type { Connection, LeaveReason } from './connection.js';
import type { Refusal } from './refusal.js';

/** A peer, as the server sees it. */
export interface RegionPeer extends PeerCredentials {
  /** What its guest reads in IVPosition, 0–65535. */
  readonly id: number;
  /** Whether it came through the socket for host commands: its ID outlives it. */
  readonly isHost: boolean;
  /** Of a VM that has one: its ID outlives it. */
  readonly name?: string;
}

/** A connection, as the server tells of it. */
export function describePeer({ state, credentials, slot }: Connection): RegionPeer {
  const { isHost, name } = slot;
  return { id: state.id, ...credentials, isHost, ...(name !== undefined && { name }) };
}

/** A VM that has a name, there or not. */
export interface RegionVm {
  readonly name: string;
  /** Undefined before it comes first, unless it was given one. */
  readonly id: number | undefined;
  /** Path of its own; undefined: it comes to the region's. */
  readonly socket: string | undefined;
  /** Undefined while it is away. */
  readonly peer: RegionPeer | undefined;
}

/** A refusal, and who it was about: undefined where even that could not be found out. */
export interface RefusedPeer extends Refusal {
  readonly credentials: PeerCredentials | undefined;
}

/** Something to look after before it becomes a refusal. */
export interface ServerWarning {
  readonly code: 'ids' | 'descriptors' | 'unread';
  readonly message: string;
}

/** What a server tells, by event name. */
export interface ServerEvents {
  join: [peer: RegionPeer];
  leave: [peer: RegionPeer, reason: LeaveReason];
  refuse: [refusal: RefusedPeer];
  warning: [warning: ServerWarning];
  /** Trouble that the server survived and goes on trying to overcome. Never thrown when nobody listens. */
  error: [error: SystemError];
}

/** Fewer IDs than this are few: 90 % are gone. */
export const FEW_IDS = 6_553;

/** Few peer IDs are left. */
export function idsWarning(idsLeft: number): ServerWarning {
  return {
    code: 'ids',
    message:
      `${idsLeft} of 65,536 peer IDs are left; the others come free when the VMs that know of them leave: ` +
      'restart those that have been attached longest',
  };
}

/** The descriptors that the peers would need are more than the limit. */
export function descriptorsWarning(options: {
  readonly peers: number;
  readonly vectors: number;
  readonly needed: number;
  readonly limit: number;
}): ServerWarning {
  const { peers, vectors, needed, limit } = options;
  return {
    code: 'descriptors',
    message:
      `${peers} peers × (${vectors} vectors + 1) and the server itself need ${needed} descriptors, the limit is ${limit}: ` +
      'joins past it will be refused; raise the limit (LimitNOFILE=, ulimit -n)',
  };
}

/** The server ends while peers are behind. */
export function unreadWarning(peersBehind: number): ServerWarning {
  return {
    code: 'unread',
    message:
      `${peersBehind} peers (stopped VMs?) had not read all when the time was over: ` +
      'what they were not told yet they will not learn',
  };
}
