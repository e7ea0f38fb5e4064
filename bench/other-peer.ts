// Two peers that look for each other.
import { once } from 'node:events';
import type { Peer } from 'ivshmem';

/** The ID of the other peer of the region, once it is there. */
export async function otherPeer(peer: Peer): Promise<number> {
  if (peer.peers.size === 0) await once(peer, 'join');
  const [id] = peer.peers.keys();
  if (id === undefined) throw new Error('the other peer came and went');
  return id;
}
