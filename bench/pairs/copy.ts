// Bytes copied into the shared memory.
import { Peer } from 'ivshmem';
import type { ProgramPair } from '../pair.js';
import { Stopwatch } from '../stopwatch.js';

const SIZE_BYTES = 64 * 1024 ** 2;

const pair: ProgramPair = {
  what: 'copy of 64 MiB into the memory',
  against: 'memcpy into the same memfd',
  atMost: 1.15,
  operations: 20,
  quickOperations: 1,

  async ours({ socket, operations }) {
    await using peer = await Peer.connect({ socket, vectors: 1 });
    const target = new Uint8Array(peer.memory, 0, SIZE_BYTES);
    const source = new Uint8Array(SIZE_BYTES).fill(1);
    const watch = new Stopwatch(operations);
    for (;;) {
      target.set(source);
      const time = watch.tick();
      if (time !== undefined) return time;
    }
  },
};

export const pairs = { copy: pair };
