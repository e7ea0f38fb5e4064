// A closer look at peers: what costs a question to the kernel, and is asked only when somebody wants to know.
import type { Region } from './region.js';
import { describePeer, type RegionPeer } from './server-events.js';
import type { EventfdState } from '../../native/eventfd.js';

const BLOCKED_AFTER_MS = 1_000;

/** What can be found out of a peer. */
export interface PeerInspection {
  readonly peer: RegionPeer;
  /** When it joined, in milliseconds since 1970. */
  readonly joinedAtMs: number;
  /** Messages that it was sent and has not read. */
  readonly unread: number;
  /** Whether there is more to tell it than it could be sent yet. */
  readonly isBehind: boolean;
  /** Whether it has had a second to read what it was sent last, and has not. */
  readonly isBlocked: boolean;
  /** Rings that wait and the kernel's number, by vector; nothing is taken. */
  readonly doorbells: readonly EventfdState[];
}

/** Looks at one peer after the other, as they are asked for; who has left meanwhile is passed over. */
export function* inspectPeers(region: Region): Generator<PeerInspection> {
  for (const connection of region.connections) {
    if (connection.slot.owner !== connection) continue;
    const unread = region.unreadOf(connection);
    const quietMs = performance.now() - connection.sentAtMs;
    yield {
      peer: describePeer(connection),
      joinedAtMs: connection.joinedAtMs,
      unread,
      isBehind: region.isBehind(connection),
      isBlocked: unread > 0 && quietMs >= BLOCKED_AFTER_MS,
      doorbells: connection.slot.inspect(),
    };
  }
}
