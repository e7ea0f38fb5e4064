// Wakes a VM: leaves a message in the memory and rings one of its doorbells.
//   node dist/examples/wake-vm.js /tmp/lab.sock 0 "there is work"
import { once } from 'node:events';
import { Peer } from 'ivshmem';

const [socket = '/tmp/example.sock', id = '0', message = 'wake up'] = process.argv.slice(2);
const vm = Number(id);
await using peer = await Peer.connect({ socket, timeoutMs: 2_000 });

while (!peer.peers.has(vm)) {
  console.log(`peer ${vm} is not there yet`);
  await once(peer, 'join', { signal: AbortSignal.timeout(60_000) });
}
Buffer.from(peer.memory).write(`${message}\0`);
if (!peer.ring(vm, 0)) console.log('it has been rung so often that its doorbell is full');
console.log(`peer ${peer.id} woke peer ${vm}`);
