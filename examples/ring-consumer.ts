// The other one of a pair: takes out what ring-producer.ts puts into the memory, until the end.
// It looks first and waits then: what was written before it came, or was rung too early, is there.
//   node dist/examples/ring-consumer.js /tmp/lab.sock
import { Peer } from 'ivshmem';

const [socket = '/tmp/example.sock'] = process.argv.slice(2);
await using peer = await Peer.connect({ socket });

const state = new Int32Array(peer.memory, 0, 4); // see ring-producer.ts
const slots = 16;
const slotBytes = 256;
Atomics.store(state, 3, peer.id + 1);

async function take(): Promise<string> {
  const read = Atomics.load(state, 1);
  while (Atomics.load(state, 0) === read) await peer.nextInterrupt({ timeoutMs: 100 });
  const slot = Buffer.from(peer.memory, 4096 + (read % slots) * slotBytes, slotBytes);
  const text = slot.toString('utf8', 0, slot.indexOf(0));
  Atomics.add(state, 1, 1); // the slot is free…
  const producer = Atomics.load(state, 2) - 1;
  if (peer.peers.has(producer)) peer.ring(producer, 0); // …and this says so
  return text;
}

for (let line = await take(); line !== ''; line = await take()) console.log(line);
