// `ivshmem qemu-args`: what a VM needs to be a peer of a region that is there, to be pasted or to be run.
//
// Rule 1: standard output is what is pasted and nothing else; what does not work is said on the other,
//         one line each.
// Rule 2: what is wrong without knowing the region is found before anybody is asked.
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import { print, ReadersEnd } from '../print.js';
import { withRemedy } from '../remedy.js';
import { text } from '../text-option.js';
import { askServer } from '../ask-server.js';
import { checkHere } from './check-here.js';
import { deviceText } from './device-text.js';
import { readWanted } from './wanted.js';
import { warningsOf } from './warnings.js';
import { checkSurplus } from '../surplus.js';

export const qemuArgsOptions = {
  socket: text(
    "Path of the server's socket",
    '$XDG_RUNTIME_DIR/ivshmem.sock, for root /run/ivshmem.sock',
  ),
  'host-socket': text(
    'Path of its socket for host commands, which is asked',
    "the socket's, and .host",
  ),
  plain: { type: 'boolean', description: 'A device with memory only, without doorbells' },
  json: { type: 'boolean', description: 'The JSON syntax of QEMU 6.2 or newer' },
  libvirt: { type: 'boolean', description: 'A <shmem> for the <devices> of a libvirt domain' },
  addr: text('PCI slot and function of the device, hexadecimal: 5 or 1f.7', 'where there is room'),
  id: text('Identifier of the device, and of what is behind it', 'ivshmem'),
  master: {
    type: 'boolean',
    description: 'The VM keeps the memory when it is migrated; has to be the first peer',
  },
  vectors: text('MSI-X vectors of the device', "the region's"),
} as const satisfies Record<string, Options>;

export type QemuArgsArguments = InferredOptionTypes<typeof qemuArgsOptions>;

export const qemuArgsCommand: CommandModule<object, QemuArgsArguments> = {
  builder: (yargs) =>
    yargs
      .options(qemuArgsOptions)
      .example('qemu-system-x86_64 … $($0 qemu-args)', 'Start a VM with doorbells')
      .example('$0 qemu-args --plain', 'A device with memory only')
      .example(
        '$0 qemu-args --socket /run/b.sock --id b --addr 6',
        'One more region for the same VM',
      )
      .example('$0 qemu-args --libvirt', 'A device for `virsh edit`')
      .epilogue(
        'The server is asked, and no peer ID is used up. Words that a shell would take apart are quoted, ' +
          'for pasting or eval. Never add reconnect= to the chardev: QEMU spins on it.',
      ),
  handler: qemuArgs,
};

async function qemuArgs(given: ArgumentsCamelCase<QemuArgsArguments>): Promise<void> {
  checkSurplus(given);
  const wanted = readWanted(given);
  try {
    const region = await askServer(given);
    const device = deviceText(wanted, region);
    checkHere(wanted, region);
    for (const warning of warningsOf(wanted, region, device))
      console.error(`ivshmem: warning: ${warning}`);
    await print(`${device}\n`);
  } catch (error) {
    if (!(error instanceof ReadersEnd)) throw withRemedy(error);
  }
}
