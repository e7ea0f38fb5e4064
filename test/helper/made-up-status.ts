// Statuses that no server has: for what only looks at them.
import type { PeerStatus, RegionStatus, ServerStatus } from '../../src/control/status.js';

/** A healthy peer, a VM with 2 vectors, except for what is given. */
export function madeUpPeer(
  given: Partial<PeerStatus> & { readonly waiting?: readonly number[] },
): PeerStatus {
  const { waiting = [0, 0], ...rest } = given;
  return {
    id: 0,
    pid: 4711,
    uid: 0,
    gid: 0,
    user: 'root',
    process: 'qemu-system-x86',
    isHost: false,
    joinedAt: '2026-11-25T12:00:00.000Z',
    ageSeconds: 600,
    unread: 0,
    isBehind: false,
    isBlocked: false,
    doorbells: waiting.map((count, vector) => ({ waiting: count, eventfdId: vector })),
    ...rest,
  };
}

/** A region of 2 vectors and 4M, without peers. */
export function madeUpRegion(given: Partial<RegionStatus>): RegionStatus {
  return {
    name: 'lab',
    socket: '/run/lab.sock',
    memory: { kind: 'memfd', path: '/memfd:lab', sizeBytes: 4 * 1024 ** 2 },
    vectors: 2,
    maxPeers: 512,
    idsLeft: 65_530,
    peers: [],
    vms: [],
    ...given,
  };
}

/** A server with one region. */
export function madeUpStatus(given: Partial<ServerStatus>): ServerStatus {
  return {
    version: '0.1.0',
    pid: 999,
    startedAt: '2026-11-25T10:00:00.000Z',
    descriptors: { used: 120, limit: 20_000 },
    regions: [madeUpRegion({})],
    ...given,
  };
}
