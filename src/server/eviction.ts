// Eviction: a peer is cut off, and the others are told that it left.
//
// What is evicted goes on running: its memory and its doorbells stay, as when the server dies. QEMU may throw
// away what it has not read when the server's end closes, its own vectors among it, and aborts under KVM then.
//
// Rule 1: nobody is cut off that has unread messages, or lacks part of its welcome or of its own vectors.
// Rule 2: who is meant is who had the ID when it was asked for, never one that came to it later.
// Rule 3: its peer ID is never given again: whoever has it may believe in it for years.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './connection.js';
import { ServerError } from './error.js';
import type { Region } from './region.js';

const PATIENCE_MS = 2_000;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 80;

/** Of an eviction that somebody asked for, who may be somewhere else. */
export interface EvictOptions {
  /** When, on the clock of `monotonicMs`: who joined later is not meant. Default: now. */
  readonly askedAtMs?: number;
  /** Called right before the peer is cut off: what it throws keeps it from that. Default: nothing does. */
  readonly check?: () => void;
}

/**
 * Cuts off the peer that has this ID, as soon as it has read all that is on its way. Rejects with ServerError
 * ERR_IVSHMEM_NO_SUCH_PEER, ERR_IVSHMEM_FIXED_ID (of a VM whose ID is given: it could not come back), and
 * ERR_IVSHMEM_UNREAD (it does not read, within two seconds), and with what `check` throws; nothing has changed
 * then.
 */
export async function evict(
  region: Region,
  id: number,
  { askedAtMs = Infinity, check = () => undefined }: EvictOptions = {},
): Promise<Connection> {
  const connection = region.connectionOf(id);
  if (connection === undefined) throw noPeer(id, `no peer has the ID ${id}`);
  if (connection.joinedAtMonotonicMs > askedAtMs) {
    throw noPeer(id, `peer ${id} came just now: who had this ID before has left`);
  }
  const { slot, credentials } = connection;
  if (region.hasFixedId(connection)) {
    throw new ServerError(
      'ERR_IVSHMEM_FIXED_ID',
      String(id),
      `${slot.name} always has the ID ${id}, and could not come back as long as somebody knows of the one that left; ` +
        `end its process instead (pid ${credentials.pid}): its place is kept`,
    );
  }
  const endMs = performance.now() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; !region.mayCutOff(connection);) {
    check();
    if (performance.now() > endMs) throw unread(region, connection);
    await sleep(pauseMs);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    if (region.connectionOf(id) !== connection) throw noPeer(id, `peer ${id} has just left`);
  }
  check();
  region.evict(connection);
  return connection;
}

function noPeer(id: number, message: string): ServerError {
  return new ServerError('ERR_IVSHMEM_NO_SUCH_PEER', String(id), message);
}

function unread(region: Region, connection: Connection): ServerError {
  const { id } = connection.state;
  return new ServerError(
    'ERR_IVSHMEM_UNREAD',
    String(id),
    `peer ${id} has ${region.unreadOf(connection)} messages unread, and to cut it off now may harm it; ` +
      `let it go on (a VM is stopped: cont), or end its process (pid ${connection.credentials.pid})`,
  );
}
