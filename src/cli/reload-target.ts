// Which server `ivshmem reload` means when nobody says.
//
// Rule 1: an ordinary user means its own. Of several that it may mean nobody guesses: to reload the wrong one is no
//         look, but a change.
import { isTrustedAt } from '../control/held-socket.js';
import type { RegionStatus } from '../control/status.js';
import { OptionsError } from '../server/error.js';
import { askControl } from './ask-control.js';
import { isServed, leftControlPath, ownControlPath, servedControlPath } from './control-path.js';
import { defaultSocket } from './default-socket.js';
import { isSamePath } from './socket-places.js';

/**
 * The control socket of the server that is meant; undefined: it is the one at the default socket, which has none that
 * is known. Rejects with OptionsError where several may be, and as `askControl`.
 */
export async function controlOfMeant(): Promise<string | undefined> {
  const socket = defaultSocket();
  const isThere = isServed(socket);
  // What root's units serve is no ordinary user's.
  const own = ownControlPath();
  const hasOwnControl = process.getuid?.() === 0 || (isServed(own) && isTrustedAt(own));
  if (isThere && !hasOwnControl) return undefined;
  const control = servedControlPath();
  if (!isThere) return control ?? leftControlPath();
  if (control === undefined || (await serves(control, socket))) return control;
  throw new OptionsError(
    'control',
    `several servers are here: name one, by --control ${control} or by --socket ${socket}`,
  );
}

async function serves(control: string, socket: string): Promise<boolean> {
  const status = await askControl(control, (client) => client.status());
  return (
    status?.regions.some((region) => socketsOf(region).some((one) => isSamePath(one, socket))) ??
    false
  );
}

function socketsOf({ socket, vms }: RegionStatus): string[] {
  return [socket, ...vms.flatMap((vm) => vm.socket ?? [])];
}
