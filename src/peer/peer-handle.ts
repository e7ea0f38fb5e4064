// What of a peer can be posted to a worker: where its descriptors are, and nothing that lives.
import {
  eventfdHandle,
  openEventfdHandle,
  type DescriptorHandle,
} from '../../native/descriptor-handle.js';
import { Roster } from './roster.js';

/** A peer as plain data: `worker.postMessage(handle)`, or `workerData`. Good until the peer is closed. */
export interface PeerHandle {
  readonly id: number;
  readonly memory: DescriptorHandle;
  /** The doorbells of everybody who was there, by ID. */
  readonly doorbells: readonly (readonly [id: number, doorbells: readonly DescriptorHandle[]])[];
}

/** The handles of all doorbells. */
export function doorbellHandles(roster: Roster): PeerHandle['doorbells'] {
  return [...roster.entries].map(([id, doorbells]) => [id, doorbells.map(eventfdHandle)]);
}

/** A roster of one's own from a handle; who has left since is not in it. Throws EMFILE and leaves nothing open then. */
export function openRoster({ id: ownId, doorbells }: PeerHandle): Roster {
  const roster = new Roster(ownId);
  try {
    for (const [id, handles] of doorbells) {
      for (const handle of handles) {
        const fd = openEventfdHandle(handle);
        if (fd === undefined) {
          roster.remove(id);
          break;
        }
        roster.add(id, fd);
      }
    }
    return roster;
  } catch (error) {
    roster.close();
    throw error;
  }
}
