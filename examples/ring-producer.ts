// One of a pair: puts lines into a ring buffer in the memory; ring-consumer.ts takes them out.
// The state is in the memory; a doorbell only says "look". So nothing depends on the first interrupt,
// which a VM that still starts would lose, and it does not matter who of the two comes first.
//   node dist/examples/ring-producer.js /tmp/lab.sock < lines.txt
import { createInterface } from 'node:readline';
import { Peer } from 'ivshmem';

const [socket = '/tmp/example.sock'] = process.argv.slice(2);
await using peer = await Peer.connect({ socket });

// 0: lines written, 1: lines read, 2: the producer's ID + 1, 3: the consumer's; lines from 4 KiB on.
const state = new Int32Array(peer.memory, 0, 4);
const slots = 16;
const slotBytes = 256;
let written = Atomics.load(state, 0);
Atomics.store(state, 2, peer.id + 1);

async function put(text: string): Promise<void> {
  while (written - Atomics.load(state, 1) === slots) await peer.nextInterrupt({ timeoutMs: 100 });
  const slot = Buffer.from(peer.memory, 4096 + (written % slots) * slotBytes, slotBytes);
  slot.fill(0).write(text);
  written = Atomics.add(state, 0, 1) + 1; // now it is there…
  const consumer = Atomics.load(state, 3) - 1;
  if (peer.peers.has(consumer)) peer.ring(consumer, 0); // …and this says so
}

for await (const line of createInterface({ input: process.stdin })) await put(line);
await put(''); // the end
