// A closer look at peers: what costs a question to the kernel, and is asked only when somebody wants to know.
import type { Region } from './region.js';
import { describePeer, type RegionPeer } from './server-events.js';
import type { EventfdState } from '../../native/eventfd.js';

/** What can be found out of a peer. */
export interface PeerInspection {
  readonly peer: RegionPeer;
  /** When it joined, in milliseconds since 1970. */
  readonly joinedAtMs: number;
  /** Messages that it was sent and has not read. */
  readonly unread: number;
  /** Whether there is more to tell it than it could be sent yet. */
  readonly isBehind: boolean;
  /** Whether it was sent something a second ago or earlier that it has not read. */
  readonly isBlocked: boolean;
  /**
   * Rings that wait and the kernel's number, by vector; nothing is taken. Each is asked for as it is come to, and
   * there are no more when the peer has left.
   */
  readonly doorbells: Iterable<EventfdState>;
}

/** Looks at one peer after the other, as they are asked for; who has left meanwhile is passed over. */
export function* inspectPeers(region: Region): Generator<PeerInspection> {
  for (const connection of region.connections) {
    if (!connection.socket.isOpen) continue;
    const unread = region.unreadOf(connection);
    yield {
      peer: describePeer(connection),
      joinedAtMs: connection.joinedAtMs,
      unread,
      isBehind: region.isBehind(connection),
      isBlocked: connection.progress.isStuck(unread),
      doorbells: connection.slot.inspect(),
    };
  }
}
