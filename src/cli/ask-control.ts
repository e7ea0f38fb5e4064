// Commands that ask a control socket: what goes wrong, in words that say what to do.
//
// Rule 1: who answers may be anybody: text of an answer that people read goes through `printableIn`, and that of
//         an error through `printable` here. Programs (--json) get it as it is.
import { isSystemError } from '../../native/system-error.js';
import { remedyFor } from '../control/absence.js';
import { ControlClient } from '../control/client.js';
import { ControlError } from '../control/control-error.js';
import type { ServerStatus } from '../control/status.js';
import { printable } from '../protocol/printable.js';
import { controlPath } from './control-path.js';
import { CommandError } from './exit.js';
import { ReadersEnd } from './print.js';

/** Calls with the control socket at this path, or the default one. Failures become errors for people. */
export async function askControl<Result>(
  given: string | undefined,
  ask: (client: ControlClient) => Promise<Result>,
): Promise<Result | undefined> {
  const path = controlPath(given);
  const client = new ControlClient(path);
  try {
    return await ask(client);
  } catch (error) {
    if (error instanceof ReadersEnd) return undefined;
    throw forPeople(error, client.path);
  }
}

/** The error of who asks for a region that the server does not have. */
export function noSuchRegion(region: string, { regions }: ServerStatus): ControlError {
  const names = regions.map(({ name }) => name).join(', ');
  const message = `there is no region '${region}'; there are: ${names}`;
  return new ControlError('ERR_IVSHMEM_NO_SUCH_REGION', message);
}

function forPeople(error: unknown, path: string): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const isPeers = code === 'ERR_IVSHMEM_NO_SUCH_PEER';
  const remedy = isPeers ? 'see who is there: ivshmem status' : remedyFor(code);
  if (!(error instanceof ControlError) && remedy === undefined && !isSystemError(error))
    return error;
  const what = printable(error instanceof ControlError ? message : `${path}: ${code}`);
  return new CommandError(remedy === undefined ? what : `${what}; ${remedy}`, { cause: error });
}
