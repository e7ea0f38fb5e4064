// A doorbell's round trip between two processes that wait in their event loop.
import { once } from 'node:events';
import { Peer } from 'ivshmem';
import { otherPeer } from '../other-peer.js';
import type { ProgramPair } from '../pair.js';
import { Stopwatch } from '../stopwatch.js';

const pair: ProgramPair = {
  what: 'doorbell round trip, event loop',
  against: 'epoll_wait, read, write',
  atMost: 3,
  operations: 20_000,
  quickOperations: 100,

  async ours({ socket, operations }) {
    await using peer = await Peer.connect({ socket, vectors: 1 });
    const other = await otherPeer(peer);
    const watch = new Stopwatch(operations);
    return await new Promise((resolve) => {
      peer.on('interrupt', () => {
        const time = watch.tick();
        if (time === undefined) peer.ring(other, 0);
        else resolve(time);
      });
      peer.ring(other, 0);
    });
  },

  async partner({ socket }) {
    await using peer = await Peer.connect({ socket, vectors: 1 });
    const other = await otherPeer(peer);
    peer.on('interrupt', () => peer.ring(other, 0));
    await once(peer, 'leave');
  },
};

export const pairs = { 'round-trip': pair };
