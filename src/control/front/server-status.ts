// A look at a server as operators get it.
import type { PeerLook } from '../question.js';
import type { PeerStatus, ServerStatus } from '../status.js';
import type { WholeLook } from './asker.js';
import type { Details } from './details.js';
import { version } from './version.js';

/** What operators are told. */
export function statusOf(look: WholeLook, details: Details): ServerStatus {
  return {
    version,
    ...look.server,
    regions: look.regions.map(({ status }, index) => ({
      ...status,
      peers: (look.peers[index] ?? []).map((peer) => peerStatus(peer, details)),
    })),
  };
}

function peerStatus(look: PeerLook, details: Details): PeerStatus {
  const { id, pid, uid, gid, vm, isHost, joinedAtMs, unread, isBehind, isBlocked } = look;
  const user = details.user(uid);
  const process = details.process(pid);
  return {
    ...{ id, pid, uid, gid },
    ...(user !== undefined && { user }),
    ...(process !== undefined && { process }),
    ...(vm !== undefined && { vm }),
    isHost,
    joinedAt: new Date(joinedAtMs).toISOString(),
    ageSeconds: Math.max(0, Math.round((Date.now() - joinedAtMs) / 1_000)),
    ...{ unread, isBehind, isBlocked },
    doorbells: look.waiting.map((waiting, vector) => ({
      waiting,
      eventfdId: look.eventfdIds[vector] ?? 0,
    })),
  };
}
