// A doorbell's round trip between two processes that never sleep: each spins in a worker.
//
// Rule 1: this file is the worker, too.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Peer, WorkerPeer, type PeerHandle } from 'ivshmem';
import { otherPeer } from '../other-peer.js';
import type { ProgramPair, Scene } from '../pair.js';
import { Stopwatch } from '../stopwatch.js';

interface Task {
  readonly handle: PeerHandle;
  readonly other: number;
  readonly operations: number;
  readonly isFirst: boolean;
}

const pair: ProgramPair = {
  what: 'doorbell round trip, busy wait',
  against: 'read until it succeeds, write',
  atMost: 2,
  operations: 100_000,
  quickOperations: 100,
  ours: (scene) => run(scene, true),
  async partner(scene) {
    await run(scene, false);
  },
};

export const pairs = { spin: pair };

if (!isMainThread) parentPort?.postMessage(spin(workerData as Task));

async function run({ socket, operations }: Scene, isFirst: boolean): Promise<number> {
  await using peer = await Peer.connect({ socket, vectors: 1 });
  const other = await otherPeer(peer);
  const task: Task = { handle: peer.handle, other, operations, isFirst };
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  const [time] = (await once(worker, 'message')) as [number];
  return time;
}

function spin({ handle, other, operations, isFirst }: Task): number {
  using peer = WorkerPeer.open(handle);
  const watch = new Stopwatch(operations);
  if (isFirst) peer.ring(other, 0);
  for (;;) {
    while (peer.spin() === undefined);
    const time = watch.tick();
    // Who began has heard the last answer; the other one has still to give it.
    if (time === undefined || !isFirst) peer.ring(other, 0);
    if (time !== undefined) return time;
  }
}
