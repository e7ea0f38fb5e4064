// What of a peer can be posted to a worker: the numbers of its descriptors, and what tells whether a
// number can be trusted.
//
// Rule 1: whoever closes marks first and closes then; whoever opens duplicates first and looks at the
//         marks then. So a number that was not marked is what it was, whatever the timing.
import { duplicateFd } from '../../native/duplicate.js';
import type { Fd } from '../../native/fd.js';
import { MAX_PEER_ID } from '../protocol/wire.js';
import { closed } from './peer-error.js';

/**
 * A peer as plain data: `worker.postMessage(handle)`, or `workerData`. Good for any number of workers of
 * this process, until the peer is closed.
 */
export interface PeerHandle {
  readonly id: number;
  readonly memory: number;
  /** The doorbells of everybody who was there, by ID. */
  readonly doorbells: readonly (readonly [id: number, doorbells: readonly number[]])[];
  /** One bit for each ID: whether its owner has left. */
  readonly gone: Int32Array;
}

/** Marks of those who left, shared between threads. */
export class Departures {
  readonly bits: Int32Array;

  constructor(bits: Int32Array = new Int32Array(new SharedArrayBuffer((MAX_PEER_ID + 1) / 8))) {
    this.bits = bits;
  }

  add(id: number): void {
    Atomics.or(this.bits, id >>> 5, 1 << (id & 31));
  }

  has(id: number): boolean {
    return (Atomics.load(this.bits, id >>> 5) & (1 << (id & 31))) !== 0;
  }
}

/** Descriptors of one's own. */
export interface OpenedHandle {
  readonly memory: Fd;
  /** Of those who are still there, the peer itself among them. */
  readonly doorbells: ReadonlyMap<number, readonly Fd[]>;
}

/** Opens a handle. Throws PeerError ERR_IVSHMEM_CLOSED, SystemError EMFILE; nothing is left open then. */
export function openHandle({ id: own, memory, doorbells, gone }: PeerHandle): OpenedHandle {
  const departures = new Departures(gone);
  const opened = new Map<number, Fd[]>();
  const all: Fd[] = [];
  const open = (rawFd: number): Fd[] => {
    const fd = duplicateFd(rawFd);
    if (fd !== undefined) all.push(fd);
    return fd === undefined ? [] : [fd];
  };
  try {
    const [fd] = open(memory);
    for (const [id, rawFds] of doorbells) opened.set(id, rawFds.flatMap(open));
    if (fd === undefined || departures.has(own)) throw closed();
    for (const [id, fds] of opened) {
      if (!departures.has(id)) continue;
      opened.delete(id);
      for (const doorbell of fds) doorbell.close();
    }
    return { memory: fd, doorbells: opened };
  } catch (error) {
    for (const fd of all) fd.close();
    throw error;
  }
}
