// A doorbell rung that nobody reads.
import { Peer } from 'ivshmem';
import { otherPeer } from '../other-peer.js';
import type { ProgramPair } from '../pair.js';
import { Stopwatch } from '../stopwatch.js';

const pair: ProgramPair = {
  what: 'ring that nobody reads',
  against: 'write of 8 bytes',
  atMost: 2.5,
  operations: 1_000_000,
  quickOperations: 1_000,

  async ours({ socket, operations }) {
    await using peer = await Peer.connect({ socket, vectors: 1 });
    await using silent = await Peer.connect({ socket, vectors: 1 });
    const other = await otherPeer(peer);
    if (other !== silent.id) throw new Error('somebody else is in the region');
    const watch = new Stopwatch(operations);
    for (;;) {
      peer.ring(other, 0);
      const time = watch.tick();
      if (time !== undefined) return time;
    }
  },
};

export const pairs = { ring: pair };
