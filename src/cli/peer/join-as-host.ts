// By which door a command joins: host commands come and go, share a few IDs, and no VM is told of each.
//
// Rule 1: where nobody listens for host commands, a command joins as any peer does.
import { Peer } from '../../peer/peer.js';
import { defaultHostSocket, nobodyListens } from '../host-socket.js';

/** Joins the region of this socket, as a host command where that is possible. Rejects as Peer.connect does. */
export async function joinAsHost(socket: string): Promise<Peer> {
  try {
    return await Peer.connect({ socket: defaultHostSocket(socket) });
  } catch (error) {
    if (!nobodyListens(error)) throw error;
    return Peer.connect({ socket });
  }
}
