// By which door a command joins: host commands come and go, share a few IDs, and no VM is told of each.
//
// Rule 1: where nobody listens for host commands, a command joins as any peer does.
import { SystemError } from '../../../native/system-error.js';
import { Peer } from '../../peer/peer.js';
import { defaultHostSocket } from '../host-socket.js';

const NOBODY_LISTENS: readonly string[] = ['ENOENT', 'ECONNREFUSED', 'ENAMETOOLONG'];

/** Joins the region of this socket, as a host command where that is possible. Rejects as Peer.connect does. */
export async function joinAsHost(socket: string): Promise<Peer> {
  try {
    return await Peer.connect({ socket: defaultHostSocket(socket) });
  } catch (error) {
    if (!(error instanceof SystemError && NOBODY_LISTENS.includes(error.code))) throw error;
    return Peer.connect({ socket });
  }
}
