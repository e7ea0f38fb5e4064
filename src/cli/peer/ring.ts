// `ivshmem peer ring`: to interrupt another peer, once.
import { CommandError } from '../exit.js';
import { ringDoorbell } from './doorbell.js';
import { checkPeer, checkVector, peerId, vectorNumber } from './arguments.js';
import { peerCommand, required } from './command.js';
import { firstVectors, vectorNames } from '../ranges.js';

export const ringCommand = peerCommand({
  command: 'ring <PEER> <VECTOR>',
  describe: 'Ring a doorbell of a peer',
  positionals: {
    PEER: required('The peer to interrupt'),
    VECTOR: required('Its vector, or all'),
  },
  flags: {},
  examples: [
    ['ring 1 0', 'Interrupt peer 1 on vector 0'],
    ['ring 1 all --socket /run/lab.sock', 'On each of its vectors'],
  ],
  read: ({ PEER, VECTOR }) => {
    const id = peerId(PEER);
    const only = VECTOR === 'all' ? undefined : vectorNumber('VECTOR', VECTOR);
    // eslint-disable-next-line @typescript-eslint/require-await -- to ring never waits
    return async (peer) => {
      checkPeer(peer, id);
      if (only !== undefined) checkVector(peer, id, 'VECTOR', only);
      const vectors = only === undefined ? firstVectors(peer.peers.get(id) ?? 0) : [only];
      const full = vectors.filter((vector) => !ringDoorbell(peer, id, vector));
      if (full.length > 0) throw wouldBlock(id, full);
    };
  },
});

function wouldBlock(id: number, vectors: readonly number[]): CommandError {
  const which = `${vectorNames(vectors)} of peer ${id}`;
  return new CommandError(
    `${which} would block: the count is full, nobody takes its interrupts; try again when it runs`,
  );
}
