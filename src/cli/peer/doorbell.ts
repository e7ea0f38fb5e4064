// The doorbells of others, rung by a command.
//
// Rule 1: a server that keeps to the specification hands out eventfds; where it did not, that is said.
import { isSystemError } from '../../../native/system-error.js';
import type { Peer } from '../../peer/peer.js';
import { CommandError } from '../exit.js';

/** Rings, `times` at once; false when it would block. Throws CommandError for what is no doorbell. */
export function ringDoorbell(peer: Peer, id: number, vector: number, times = 1): boolean {
  try {
    return peer.ring(id, vector, times);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const message = `vector ${vector} of peer ${id} cannot be rung: ${error.message}`;
    throw new CommandError(`${message}; its server handed out something else than a doorbell`, {
      cause: error,
    });
  }
}
