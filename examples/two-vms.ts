// Two VMs on one region, as an integration test would have them: starts both, waits until each has
// joined, and ends them. The server goes with the block that it is declared in.
//   node dist/examples/two-vms.js
import { spawn } from 'node:child_process';
import { on } from 'node:events';
import { doorbellArguments, Server, type RegionPeer } from 'ivshmem';

const machine = '-machine q35 -accel tcg -display none -nodefaults -m 64M'.split(' ');

await using server = await Server.listen({
  socket: `/tmp/two-vms-${process.pid}.sock`,
  vectors: 2,
});
const joins = on(server, 'join') as AsyncIterableIterator<[RegionPeer]>;
const vms = [1, 2].map(() =>
  spawn('qemu-system-x86_64', [...machine, ...doorbellArguments(server)], { stdio: 'inherit' }),
);
for await (const [{ id, pid }] of joins) {
  console.log(`VM ${vms.findIndex((vm) => vm.pid === pid) + 1} is peer ${id}`);
  if (id === vms.length - 1) break;
}
for (const vm of vms) vm.kill();
