// A worker that polls: it spends a processor to answer within microseconds, while the main thread does
// something else. Here it counts in the memory, and a second peer rings it.
//   node dist/examples/poll-worker.js /tmp/lab.sock
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Peer, WorkerPeer, type PeerHandle } from 'ivshmem';

interface Task {
  readonly handle: PeerHandle;
  readonly caller: number;
  readonly stop: Int32Array;
}

async function main(socket: string): Promise<void> {
  await using caller = await Peer.connect({ socket });
  await using answerer = await Peer.connect({ socket });
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const task: Task = { handle: answerer.handle, caller: caller.id, stop };
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  while (!caller.peers.has(answerer.id)) await new Promise((resolve) => setImmediate(resolve));
  for (let count = 0; count < 1_000; count += 1) {
    caller.ring(answerer.id, 0);
    await caller.nextInterrupt({ vector: 0 });
  }
  Atomics.store(stop, 0, 1);
  await new Promise((resolve) => worker.once('exit', resolve));
  console.log(`answered ${new Int32Array(caller.memory)[0] ?? 0} times`);
}

function poll({ handle, caller, stop }: Task): void {
  using peer = WorkerPeer.open(handle);
  const counter = new Int32Array(peer.memory);
  while (Atomics.load(stop, 0) === 0) {
    const interrupt = peer.spin({ timeoutMs: 100, stop });
    if (interrupt && peer.ring(caller, interrupt.vector)) Atomics.add(counter, 0, 1);
  }
}

if (isMainThread) await main(process.argv[2] ?? '/tmp/example.sock');
else poll(workerData as Task);
