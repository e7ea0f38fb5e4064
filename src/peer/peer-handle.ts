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
  /** The doorbells of everybody who was there, by ID, and how often this ID had been left by then. */
  readonly doorbells: readonly (readonly [
    id: number,
    doorbells: readonly number[],
    departures: number,
  ])[];
  /** How often each ID has been left by now. */
  readonly departures: Int32Array;
}

/** Marks of those who left, shared between threads. Counts: a server may give an ID again. */
export class Departures {
  readonly counts: Int32Array;

  constructor(
    counts: Int32Array = new Int32Array(
      new SharedArrayBuffer((MAX_PEER_ID + 1) * Int32Array.BYTES_PER_ELEMENT),
    ),
  ) {
    this.counts = counts;
  }

  add(id: number): void {
    Atomics.add(this.counts, id, 1);
  }

  of(id: number): number {
    return Atomics.load(this.counts, id);
  }
}

/** Descriptors of one's own. */
export interface OpenedHandle {
  readonly memory: Fd;
  /** Of those who are still there, the peer itself among them. */
  readonly doorbells: ReadonlyMap<number, readonly Fd[]>;
}

/** Opens a handle. Throws PeerError ERR_IVSHMEM_CLOSED, SystemError EMFILE; nothing is left open then. */
export function openHandle({ id: own, memory, doorbells, departures }: PeerHandle): OpenedHandle {
  const marks = new Departures(departures);
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
    if (fd === undefined || marks.of(own) > 0) throw closed();
    for (const [id, , count] of doorbells) {
      if (marks.of(id) === count) continue;
      for (const doorbell of opened.get(id) ?? []) doorbell.close();
      opened.delete(id);
    }
    return { memory: fd, doorbells: opened };
  } catch (error) {
    for (const fd of all) fd.close();
    throw error;
  }
}
