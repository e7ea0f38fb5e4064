// What `int` does.
//
// Rule 1: what can be rung is rung and told; what cannot is the error, once the rest is done.
import type { Peer } from '../../peer/peer.js';
import type { ClientCommand } from './command.js';
import { CommandError } from '../exit.js';
import { firstVectors, ranges, vectorNames } from '../ranges.js';

type RingCommand = Extract<ClientCommand, { name: 'ring' }>;

/** Rings, and says whom. Throws CommandError, PeerError ERR_IVSHMEM_UNKNOWN_VECTOR, SystemError. */
export function ringDoorbells(peer: Peer, command: RingCommand, say: (line: string) => void): void {
  const ids = command.peer === 'all' ? otherIds(peer) : [command.peer];
  if (ids.length === 0) say('no other peer is there');
  const blocked = ids.flatMap((id) => {
    const vectors = vectorsOf(peer, id);
    const full = ringOne(peer, id, command.vector === 'all' ? vectors : [command.vector], say);
    return full.length === 0 ? [] : [`peer ${id} ${vectorNames(full)}`];
  });
  if (blocked.length === 0) return;
  const remedy = 'the count is full, and would block until that peer takes it';
  throw new CommandError(`not rung: ${blocked.join(', ')}: ${remedy}`);
}

/** The peers besides itself, ascending. */
export function otherIds({ peers }: Peer): number[] {
  return [...peers.keys()].sort((a, b) => a - b);
}

/** The same in words. */
export function othersOf(peer: Peer): string {
  const ids = otherIds(peer);
  if (ids.length === 0) return 'nobody else is there';
  return `${ids.length === 1 ? 'the other' : 'the others'}: ${ranges(ids)}`;
}

// Gives those that would block.
function ringOne(
  peer: Peer,
  id: number,
  vectors: readonly number[],
  say: (line: string) => void,
): number[] {
  const full = vectors.filter((vector) => !peer.ring(id, vector));
  const rung = vectors.filter((vector) => !full.includes(vector));
  if (rung.length > 0) say(`rang peer ${id}, ${vectorNames(rung)}`);
  return full;
}

function vectorsOf(peer: Peer, id: number): number[] {
  const count = id === peer.id ? peer.vectors : peer.peers.get(id);
  if (count !== undefined) return firstVectors(count);
  throw new CommandError(`peer ${id} is not there; this is peer ${peer.id}, ${othersOf(peer)}`);
}
