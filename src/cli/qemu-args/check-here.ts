// Whether what the device is to be given is here what the server has. The server may be in another namespace
// (in a container): its paths may lead to nothing here, or to something else.
//
// Rule 1: nothing is opened, and nothing is made.
// Rule 2: a plain device gets the very object, or none is printed: QEMU would make what is missing, and a VM
//         write into what is another's.
import { statSync, type BigIntStats } from 'node:fs';
import { isSystemError } from '../../../native/system-error.js';
import type { RegionDescription } from '../../protocol/answer.js';
import { quote } from '../../protocol/printable.js';
import { CommandError } from '../exit.js';
import type { Wanted } from './wanted.js';

const WHERE =
  'the server sees other paths, as in a container: run this where it runs, or share the directory under ' +
  'the same path';

/** Throws CommandError for a path that leads elsewhere here. What may not be looked at passes. */
export function checkHere(
  { kind }: Pick<Wanted, 'kind'>,
  { socket, memory }: RegionDescription,
): void {
  if (kind === 'plain') checkMemory(memory);
  else checkSocket(socket);
}

/** Whether this user may not so much as look at what is at a path. */
export function isHiddenHere(file: string): boolean {
  const found = look(file);
  return typeof found === 'string' && isHidden(found);
}

function checkMemory({ path: file, device, inode }: RegionDescription['memory']): void {
  const found = look(file);
  if (typeof found !== 'string') {
    if (String(found.dev) === device && String(found.ino) === inode) return;
    throw new CommandError(
      `${quote(file)} is something else here than the memory of the region, and a VM would write into it; ${WHERE}`,
    );
  }
  if (isHidden(found)) return;
  throw new CommandError(
    `the memory of the region, ${quote(file)}, is not here (${found}), and a VM would have one of its own; ${WHERE}`,
  );
}

function checkSocket(file: string): void {
  const found = look(file);
  if (typeof found !== 'string' ? found.isSocket() : isHidden(found)) return;
  const why = typeof found === 'string' ? found : 'it is something else';
  throw new CommandError(
    `there is no socket of VMs at ${quote(file)} here (${why}); name it with --socket, as this VM will see it, ` +
      'and with --host-socket the one for host commands',
  );
}

// What is there, or the code of why it is not seen.
function look(file: string): BigIntStats | string {
  try {
    return statSync(file, { bigint: true });
  } catch (error) {
    if (isSystemError(error) && error.code !== undefined) return error.code;
    throw error;
  }
}

function isHidden(code: string): boolean {
  return code === 'EACCES' || code === 'EPERM';
}
