// What a person who starts a server reads: where it is, and what to paste into QEMU's command line.
import path from 'node:path';
import { doorbellArguments, plainArguments, shellWords } from '../qemu/device-options.js';
import type { Server } from '../server/server.js';
import type { RegionVm } from '../server/server-events.js';
import { formatSize } from '../server/size.js';
import { defaultHostSocket } from './host-socket.js';

/** The text, for standard output. */
export function banner(servers: readonly Server[]): string {
  return `${servers.map(aboutRegion).join('\n')}
Stop with Ctrl-C: attached VMs keep their memory and doorbells.
`;
}

function aboutRegion(server: Server): string {
  const { name, socket, hostSocket, vectors, label, maxPeers, memory, vms } = server;
  const kind = memory.kind === 'memfd' ? 'memfd, sealed' : memory.kind;
  const host = hostSocket === undefined ? 'none' : path.resolve(hostSocket);
  const isFound = hostSocket === undefined || hostSocket === defaultHostSocket(socket);
  const doorbell = doorbellArguments({ socket: path.resolve(socket), vectors });
  const plain = plainArguments(memory);
  return `ivshmem serves ${name === undefined ? 'a region' : `region ${name}`} to at most ${maxPeers} peers.

  socket   ${path.resolve(socket)}
  host     ${host} (for host commands${isFound ? '' : ', as their --socket'})
  memory   ${formatSize(memory.sizeBytes)} at ${memory.path} (${kind})
  vectors  ${vectors}${label === undefined ? '' : `\n  label    ${label}`}${vms.map(aboutVm).join('')}

QEMU options for a device with doorbells:
  ${shellWords(doorbell)}
QEMU options for a plain device, memory only:
  ${shellWords(plain)}
`;
}

function aboutVm({ name, id, socket }: RegionVm): string {
  const where = socket === undefined ? 'known by who it is' : path.resolve(socket);
  return `\n  VM       ${name}: ${where}${id === undefined ? '' : `, peer ${id}`}`;
}
